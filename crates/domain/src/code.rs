//! Codes (代码): the one spelling of a closed set of values, the same in storage and on the wire.

/// A closed set whose values have a stable spelling.
pub trait Code: Copy + PartialEq + 'static {
    /// The set's name in the contract.
    const NAME: &'static str;
    /// Every value, in the order in which people are shown them.
    const ALL: &'static [Self];

    /// The spelling, in snake case.
    fn code(self) -> &'static str;

    /// What the value is called in Chinese.
    fn label(self) -> &'static str;

    /// Reads a spelling.
    fn from_code(code: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|value| value.code() == code)
    }
}

/// Declares an enum together with its [`Code`]; the Chinese label is the variant's documentation.
macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($variant:ident = $code:literal, $label:literal);+ $(;)? }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $name {
            $(#[doc = $label] $variant),+
        }

        impl $crate::code::Code for $name {
            const NAME: &'static str = stringify!($name);
            const ALL: &'static [Self] = &[$(Self::$variant),+];

            fn code(self) -> &'static str {
                match self { $(Self::$variant => $code),+ }
            }

            fn label(self) -> &'static str {
                match self { $(Self::$variant => $label),+ }
            }
        }
    };
}

pub(crate) use codes;
