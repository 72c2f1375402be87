//! Cuts values into words and matches words against patterns.
//!
//! Takes the token characters and flags of an index; knows nothing of queries or storage. Comparison
//! folds case by the first character of the Unicode lower case, so that one character stays one.

use std::str::Chars;

use memchr::memchr2_iter;

/// How the values of a field are cut and compared.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Tokenizer {
    /// The ASCII delimiters, one bit each.
    ascii: u128,
    others: Vec<char>,
    case_sensitive: bool,
    chinese: bool,
}

/// One word to look for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Pattern {
    chars: Vec<char>,
    wildcards: bool,
    /// What any matching word starts with, as far as it is plain ASCII in lower case.
    head: Vec<u8>,
}

impl Tokenizer {
    /// A tokenizer of an index entry's `token`, `caseSensitive` and `chn`.
    pub(super) fn new(delimiters: Vec<char>, case_sensitive: bool, chinese: bool) -> Self {
        let (ascii, others): (Vec<char>, Vec<char>) = delimiters.into_iter().partition(char::is_ascii);
        let ascii = ascii.into_iter().fold(0, |bits, c| bits | 1 << u32::from(c));
        Self { ascii, others, case_sensitive, chinese }
    }

    /// The whole value is one word, compared exactly: reserved fields without an index.
    pub(super) fn whole() -> Self {
        Self { case_sensitive: true, ..Self::default() }
    }

    /// The words of a value.
    pub(super) fn words<'a>(&'a self, value: &'a str) -> impl Iterator<Item = &'a str> {
        let pieces = value.split(|c| self.cuts(c)).filter(|piece| !piece.is_empty());
        pieces.flat_map(|piece| Ideographs { rest: piece, split: self.chinese })
    }

    fn cuts(&self, c: char) -> bool {
        if c.is_ascii() { self.ascii >> u32::from(c) & 1 == 1 } else { self.others.contains(&c) }
    }

    /// The words of a search term as patterns; `wildcards` keeps `*` and `?` in the words.
    pub(super) fn patterns(&self, term: &str, wildcards: bool) -> Vec<Pattern> {
        let cuts = |c: char| self.cuts(c) && !(wildcards && matches!(c, '*' | '?'));
        let pieces = term.split(cuts).filter(|piece| !piece.is_empty());
        pieces
            .flat_map(|piece| Ideographs { rest: piece, split: self.chinese })
            .map(|word| Pattern::new(word, wildcards))
            .collect()
    }

    /// Whether the word is what the pattern asks for.
    pub(super) fn matches(&self, pattern: &Pattern, word: &str) -> bool {
        pattern.matches(word, !self.case_sensitive)
    }
}

/// Cuts a piece so that each Chinese character is a word, when asked to.
struct Ideographs<'a> {
    rest: &'a str,
    split: bool,
}

impl<'a> Iterator for Ideographs<'a> {
    type Item = &'a str;

    fn next(&mut self) -> Option<&'a str> {
        let first = self.rest.chars().next()?;
        let length = match self.split {
            false => self.rest.len(),
            true if is_ideograph(first) => first.len_utf8(),
            true => self.rest.find(is_ideograph).unwrap_or(self.rest.len()),
        };
        let (word, rest) = self.rest.split_at(length);
        self.rest = rest;
        Some(word)
    }
}

fn is_ideograph(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}')
}

impl Pattern {
    fn new(word: &str, wildcards: bool) -> Self {
        let plain = |c: &char| {
            c.is_ascii_graphic() && !matches!(c, '"' | '\\') && !(wildcards && matches!(c, '*' | '?'))
        };
        let head = word.chars().take_while(plain).filter_map(|c| u8::try_from(c.to_ascii_lowercase()).ok());
        Self {
            chars: word.chars().collect(),
            wildcards: wildcards && word.contains(['*', '?']),
            head: head.collect(),
        }
    }

    /// Whether the JSON text of a log can hold a matching word at all: a quick look that spares most logs
    /// the cutting into words.
    pub(super) fn may_be_in(&self, json: &[u8]) -> bool {
        let Some(first) = self.head.first() else { return true };
        let is_head = |at: usize| {
            json.get(at..at + self.head.len()).is_some_and(|found| found.eq_ignore_ascii_case(&self.head))
        };
        memchr2_iter(*first, first.to_ascii_uppercase(), json).any(is_head)
    }

    /// Whether a wildcard stands first, which the service refuses.
    pub(super) fn starts_with_wildcard(&self) -> bool {
        self.wildcards && matches!(self.chars.first(), Some('*' | '?'))
    }

    fn matches(&self, word: &str, fold_case: bool) -> bool {
        if self.wildcards { glob(&self.chars, word.chars(), fold_case) } else { self.equals(word, fold_case) }
    }

    fn equals(&self, word: &str, fold_case: bool) -> bool {
        let mut wanted = self.chars.iter();
        word.chars().all(|c| wanted.next().is_some_and(|want| same(*want, c, fold_case)))
            && wanted.next().is_none()
    }
}

/// Matches `*` and `?` with one point to come back to, so in time `pattern × word` at worst.
fn glob(pattern: &[char], word: Chars<'_>, fold_case: bool) -> bool {
    let (mut at, mut rest) = (0, word);
    let mut retry: Option<(usize, Chars<'_>)> = None;
    loop {
        if pattern.get(at) == Some(&'*') {
            at += 1;
            retry = Some((at, rest.clone()));
            continue;
        }
        let next = rest.next();
        match (pattern.get(at), next) {
            (None, None) => return true,
            (Some(want), Some(c)) if *want == '?' || same(*want, c, fold_case) => at += 1,
            _ => {
                let Some((resume, later)) = retry.as_mut() else { return false };
                if later.next().is_none() {
                    return false;
                }
                (at, rest) = (*resume, later.clone());
            }
        }
    }
}

/// `SQL`'s `LIKE`, case-sensitive: `%` any run, `_` any one character, either of them itself behind the
/// escape. Nothing for a pattern with an escape before anything else.
pub(super) fn like(value: &str, pattern: &str, escape: Option<char>) -> Option<bool> {
    let mut translated = Vec::new();
    let mut chars = pattern.chars();
    while let Some(c) = chars.next() {
        translated.push(match c {
            c if Some(c) == escape => {
                literal(chars.next().filter(|next| matches!(next, '%' | '_') || Some(*next) == escape)?)
            }
            '%' => '*',
            '_' => '?',
            other => literal(other),
        });
    }
    let value: String = value.chars().map(literal).collect();
    Some(glob(&translated, value.chars(), false))
}

/// Private-use stand-ins keep a literal `*` or `?` from acting as a wildcard.
fn literal(c: char) -> char {
    match c {
        '*' => '\u{f8f0}',
        '?' => '\u{f8f1}',
        other => other,
    }
}

fn same(a: char, b: char, fold_case: bool) -> bool {
    a == b || (fold_case && fold(a) == fold(b))
}

/// Nothing outside ASCII folds into it, so that a plain head is found byte by byte.
fn fold(c: char) -> char {
    if c.is_ascii() {
        return c.to_ascii_lowercase();
    }
    c.to_lowercase().next().filter(|lower| !lower.is_ascii()).unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(tokenizer: &Tokenizer, value: &str) -> Vec<String> {
        tokenizer.words(value).map(str::to_owned).collect()
    }

    #[test]
    fn delimiters_cut_and_vanish() {
        let tokenizer = Tokenizer::new(vec![' ', ',', '/'], false, false);
        assert_eq!(words(&tokenizer, "/a b,,c-d/"), ["a", "b", "c-d"]);
    }

    #[test]
    fn chinese_characters_are_words_when_asked() {
        let tokenizer = Tokenizer::new(vec![' '], false, true);
        assert_eq!(words(&tokenizer, "ab操作c"), ["ab", "操", "作", "c"]);
        assert_eq!(words(&Tokenizer::new(vec![' '], false, false), "ab操作c"), ["ab操作c"]);
    }

    #[test]
    fn wildcards_match_runs_and_single_characters() {
        let tokenizer = Tokenizer::new(vec![' '], false, false);
        for (pattern, word, expected) in [
            ("Del*", "deletebucket", true),
            ("d?l*t", "deletebucket", true),
            ("d?l*x", "deletebucket", false),
            ("a*a*b", "aaaab", true),
            ("ab?", "ab", false),
            ("ab*", "ab", true),
        ] {
            let found = tokenizer.matches(&tokenizer.patterns(pattern, true)[0], word);
            assert_eq!(found, expected, "{pattern} {word}");
        }
    }

    #[test]
    fn case_counts_only_where_the_index_says_so() {
        let pattern = &Tokenizer::whole().patterns("OSS", true)[0];
        assert!(!Tokenizer::whole().matches(pattern, "oss"));
        assert!(Tokenizer::new(vec![], false, false).matches(pattern, "oss"));
    }

    #[test]
    fn a_quick_look_rules_out_only_what_cannot_match() {
        let tokenizer = Tokenizer::new(vec![' '], false, false);
        let log = "{\"a\":\"x Deleted \\\"y é\"}".as_bytes();
        for (pattern, expected) in
            [("deleted", true), ("DEL*d", true), ("dell", false), ("É", true), ("\"q", true), ("y?z", true)]
        {
            assert_eq!(tokenizer.patterns(pattern, true)[0].may_be_in(log), expected, "{pattern}");
        }
    }

    #[test]
    fn like_knows_only_its_own_wildcards() {
        assert_eq!(like("a*c", "a*%", None), Some(true));
        assert_eq!(like("abc", "a*%", None), Some(false));
        assert_eq!(like("abc", "_b_", None), Some(true));
        assert_eq!(like("ABC", "abc", None), Some(false));
    }

    #[test]
    fn like_takes_a_wildcard_behind_the_escape_as_itself() {
        assert_eq!(like("5%", "_\\%", Some('\\')), Some(true));
        assert_eq!(like("55", "_\\%", Some('\\')), Some(false));
        assert_eq!(like("!", "!!", Some('!')), Some(true));
        assert_eq!(like("a", "!a", Some('!')), None);
        assert_eq!(like("a", "a!", Some('!')), None);
    }
}
