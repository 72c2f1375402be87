//! Pieces of HTML that cannot hold unescaped text.
//!
//! Takes text; returns [`Html`], which only this module can make. Must never let text through as it is.

use std::fmt;

/// Well-formed HTML.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Html(String);

impl fmt::Display for Html {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromIterator<Html> for Html {
    fn from_iter<I: IntoIterator<Item = Html>>(parts: I) -> Self {
        Self(parts.into_iter().map(|part| part.0).collect())
    }
}

impl Html {
    /// Appends a piece.
    pub(super) fn and(mut self, next: &Html) -> Self {
        self.0 += &next.0;
        self
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.0.into_bytes()
    }
}

/// Text, escaped so that it is text wherever it stands: between tags or in a quoted attribute.
pub(super) fn text(text: impl fmt::Display) -> Html {
    let text = text.to_string();
    let mut escaped = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            // Not allowed in HTML; a browser would show nothing.
            control if control.is_control() && !control.is_ascii_whitespace() => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    Html(escaped)
}

/// An element around a piece; name and attributes are words of this program.
pub(super) fn element(name: &'static str, attributes: &[(&'static str, &str)], inner: &Html) -> Html {
    Html(format!("{}{inner}</{name}>", open(name, attributes)))
}

/// An element without an end, such as `input`.
pub(super) fn open(name: &'static str, attributes: &[(&'static str, &str)]) -> Html {
    let mut tag = format!("<{name}");
    for (key, value) in attributes {
        tag.extend([" ", key, "=\"", &text(value).0, "\""]);
    }
    Html(tag + ">")
}

/// An element around text.
pub(super) fn tag(name: &'static str, inner: impl fmt::Display) -> Html {
    element(name, &[], &text(inner))
}

/// What stands where there is nothing.
pub(super) fn nothing() -> Html {
    element("span", &[("class", "quiet")], &text("none"))
}

/// Rows under a header, or a sentence when there are none.
pub(super) fn table(header: &[&str], rows: Vec<Vec<Html>>, when_empty: &str) -> Html {
    if rows.is_empty() {
        return element("p", &[("class", "quiet")], &text(when_empty));
    }
    let names = header.iter().map(|name| element("th", &[("scope", "col")], &text(name))).collect();
    let cells = |row: Vec<Html>| {
        let cells = row.iter().map(|cell| element("td", &[], cell)).collect();
        element("tr", &[], &cells)
    };
    let head = element("thead", &[], &element("tr", &[], &names));
    let body = element("tbody", &[], &rows.into_iter().map(cells).collect());
    // A table wider than the page scrolls in a box of its own, which the keyboard can reach.
    let table = element("table", &[], &head.and(&body));
    element("div", &[("class", "wide"), ("tabindex", "0")], &table)
}

/// The whole document.
pub(super) fn document(title: &str, style: &'static str, refresh: Option<u32>, body: &Html) -> Html {
    let refresh = refresh.map_or_else(Html::default, |seconds| {
        open("meta", &[("http-equiv", "refresh"), ("content", &seconds.to_string())])
    });
    Html(format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">{refresh}\
         {}<style>{style}</style></head><body>{body}</body></html>\n",
        tag("title", title)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_open_a_tag_or_leave_an_attribute() {
        assert_eq!(text("<a b=\"c\" d='e'>&").to_string(), "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;");
        let input = open("input", &[("value", "\"><script>")]).to_string();
        assert_eq!(input, "<input value=\"&quot;&gt;&lt;script&gt;\">");
    }

    #[test]
    fn control_characters_are_replaced() {
        assert_eq!(text("a\0b\u{1b}c\nd").to_string(), "a\u{fffd}b\u{fffd}c\nd");
    }

    #[test]
    fn a_table_without_rows_says_why() {
        assert_eq!(table(&["a"], vec![], "no a").to_string(), "<p class=\"quiet\">no a</p>");
    }
}
