//! The grammar of codes: `login:<person>:<nonce>` and `phone:<number>:<nonce>`, where the nonce's
//! first word may ask for a fault.

/// A code taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Code<'a> {
    /// The whole text.
    pub(super) text: &'a str,
    /// The person or the number.
    pub(super) subject: &'a str,
    pub(super) fault: Option<Fault>,
}

/// What shall go wrong, or differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    BusyOnce,
    Busy,
    Slow,
    Garbage,
    Reset,
    Http502,
    Control,
    Huge,
    /// No unionid, as without an open-platform account.
    Alone,
    /// The country code as a bare number.
    Bare,
    /// The watermark of another app.
    Foreign,
    /// Whatever token comes along is refused.
    Stale,
}

/// Longest prefix first: `busy-once-` also starts with `busy-`.
const FAULTS: [(&str, Fault); 12] = [
    ("busy-once-", Fault::BusyOnce),
    ("busy-", Fault::Busy),
    ("slow-", Fault::Slow),
    ("garbage-", Fault::Garbage),
    ("reset-", Fault::Reset),
    ("http502-", Fault::Http502),
    ("control-", Fault::Control),
    ("huge-", Fault::Huge),
    ("alone-", Fault::Alone),
    ("bare-", Fault::Bare),
    ("foreign-", Fault::Foreign),
    ("stale-", Fault::Stale),
];

/// Takes a code of this kind apart; `None` is what WeChat calls an invalid code.
pub(super) fn parse<'a>(kind: &str, text: &'a str) -> Option<Code<'a>> {
    let (found, rest) = text.split_once(':')?;
    let (subject, nonce) = rest.split_once(':')?;
    if found != kind || subject.is_empty() || nonce.is_empty() || text.len() > 256 {
        return None;
    }
    let fault = FAULTS.iter().find(|(prefix, _)| nonce.starts_with(prefix)).map(|(_, fault)| *fault);
    Some(Code { text, subject, fault })
}

#[cfg(test)]
mod tests {
    use super::{Fault, parse};

    #[test]
    fn only_whole_codes_of_the_right_kind_are_codes() {
        for text in ["", "login", "login:a", "login::n", "login:a:", "phone:1:n"] {
            assert_eq!(parse("login", text), None, "{text}");
        }
        let code = parse("login", "login:张三:busy-once-1").expect("a code");
        assert_eq!(code.subject, "张三");
        assert_eq!(code.fault, Some(Fault::BusyOnce));
        assert_eq!(parse("login", "login:a:busy1").and_then(|c| c.fault), None);
    }
}
