//! A published example, read from `tests/fixtures/sign/<case>/`.

use alicloud_sign::{AccessKey, Request};

/// The constant key of all published examples.
pub(crate) const KEY: AccessKey<'static> =
    AccessKey { id: "testAccessKeyId", secret: "testAccessKeySecret", security_token: None };

/// One example: a signed request, and what every stage of signing it gives.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) canonical: String,
    pub(crate) string_to_sign: String,
    pub(crate) signature: String,
}

impl Case {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(key, _)| key == name).map_or("", |(_, value)| value)
    }

    /// Gives `check` the request with the headers that `keep` accepts.
    pub(crate) fn with_request<T>(
        &self,
        keep: impl Fn(&str) -> bool,
        check: impl FnOnce(&Request<'_>) -> T,
    ) -> T {
        let headers = self.headers.iter().filter(|(name, _)| keep(name));
        let headers: Vec<(&str, &str)> = headers.map(|(name, value)| (&**name, &**value)).collect();
        check(&Request {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &headers,
            body: &self.body,
        })
    }

    /// The key of the example, with its token if it has one.
    pub(crate) fn key(&self) -> AccessKey<'_> {
        let token = self.header("x-acs-security-token");
        AccessKey { security_token: (!token.is_empty()).then_some(token), ..KEY }
    }
}

/// Every example whose name starts with `scheme`, in order.
pub(crate) fn cases(scheme: &str) -> Vec<Case> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/sign");
    let names =
        std::fs::read_dir(root).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.filter(|name| name.starts_with(scheme)).collect();
    names.sort();
    names.into_iter().map(|name| read(root, name)).collect()
}

fn read(root: &str, name: String) -> Case {
    let text = |file: &str| std::fs::read_to_string(format!("{root}/{name}/{file}")).unwrap();
    let request = text("request.http");
    let (head, body) = request.split_once("\n\n").unwrap();
    let mut lines = head.lines();
    let mut first = lines.next().unwrap().split(' ');
    let method = first.next().unwrap().to_owned();
    let (path, query) = first.next().map(|target| target.split_once('?').unwrap_or((target, ""))).unwrap();
    let headers = lines.map(|line| line.split_once(':').unwrap());
    Case {
        method,
        path: path.to_owned(),
        query: query.to_owned(),
        headers: headers.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect(),
        body: body.as_bytes().to_vec(),
        canonical: text("canonical.txt"),
        string_to_sign: text("string-to-sign.txt"),
        signature: text("signature.txt"),
        name,
    }
}
