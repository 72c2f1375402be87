//! Trust policies: who may assume a role.

use serde_json::Value;

use super::condition::{self, Context};
use super::{has_frame, is_text_or_texts, matches, statements, texts};

/// Somebody who would assume a role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Principal<'a> {
    /// A cloud service, by its host name.
    Service(&'a str),
    /// A RAM user or role, by its ARN, of an account.
    Ram { account: &'a str, arn: &'a str },
    /// An identity provider, by its ARN.
    Federated(&'a str),
}

impl Principal<'_> {
    fn is_named_by(&self, principals: &Value) -> bool {
        match self {
            Self::Service(name) => matches(principals.get("Service"), name),
            Self::Federated(arn) => matches(principals.get("Federated"), arn),
            Self::Ram { account, arn } => {
                let root = format!("acs:ram::{account}:root");
                let named = |name: &String| name == "*" || *name == root || name.eq_ignore_ascii_case(arn);
                principals.get("RAM").is_some_and(|list| texts(list).iter().any(named))
            }
        }
    }
}

/// Whether a trust policy lets a principal assume the role: allowed by a statement and denied by none.
pub(crate) fn admits(document: &Value, principal: &Principal<'_>, context: &Context) -> bool {
    let effects: Vec<&str> = statements(document)
        .filter(|statement| matches(statement.get("Action"), "sts:AssumeRole"))
        .filter(|statement| statement.get("Principal").is_some_and(|named| principal.is_named_by(named)))
        .filter(|statement| condition::hold(statement.get("Condition"), context))
        .filter_map(|statement| statement.get("Effect")?.as_str())
        .collect();
    effects.contains(&"Allow") && !effects.contains(&"Deny")
}

/// Whether a document has the shape of a trust policy: a version, and statements with effect, action and principals.
pub(crate) fn is_well_formed(document: &Value) -> bool {
    let names = |principals: &Value, kind: &str| principals.get(kind).is_some_and(is_text_or_texts);
    let somebody =
        |principals: &Value| ["Service", "RAM", "Federated"].into_iter().any(|kind| names(principals, kind));
    let says_whom = |statement: &Value| {
        statement.get("Action").is_some_and(is_text_or_texts)
            && statement.get("Principal").is_some_and(somebody)
    };
    has_frame(document) && statements(document).all(says_whom)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::policy::ACTIONTRAIL;
    use serde_json::json;

    fn trust(principal: &Value) -> Value {
        json!({"Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": principal}], "Version": "1"})
    }

    #[test]
    fn trust_names_the_service() {
        let trust = trust(&json!({"Service": [ACTIONTRAIL]}));
        assert!(admits(&trust, &Principal::Service(ACTIONTRAIL), &Context::default()));
        assert!(!admits(&trust, &Principal::Service("ecs.aliyuncs.com"), &Context::default()));
    }

    #[test]
    fn root_stands_for_everybody_in_the_account() {
        let trust = trust(&json!({"RAM": "acs:ram::1:root"}));
        let ann = Principal::Ram { account: "1", arn: "acs:ram::1:user/ann" };
        let stranger = Principal::Ram { account: "2", arn: "acs:ram::2:user/ann" };
        assert!(admits(&trust, &ann, &Context::default()));
        assert!(!admits(&trust, &stranger, &Context::default()));
    }

    #[test]
    fn trust_must_name_somebody() {
        assert!(is_well_formed(&trust(&json!({"Service": [ACTIONTRAIL]}))));
        for nobody in [json!({}), json!({"RAM": []}), json!("*"), json!(null), json!({"Nobody": "x"})] {
            assert!(!is_well_formed(&trust(&nobody)), "{nobody}");
        }
        let silent = json!({"Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow"}], "Version": "1"});
        assert!(!is_well_formed(&silent));
    }

    #[test]
    fn named_user_alone_is_trusted() {
        let trust = trust(&json!({"RAM": ["acs:ram::1:user/ann"]}));
        let of = |arn| Principal::Ram { account: "1", arn };
        assert!(admits(&trust, &of("acs:ram::1:user/ann"), &Context::default()));
        assert!(!admits(&trust, &of("acs:ram::1:user/bob"), &Context::default()));
    }
}
