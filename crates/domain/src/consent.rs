//! Consent (同意): what a WeChat user allowed, by purpose and by the version of the policy they were shown.

use thiserror::Error;

use crate::code::codes;

codes! {
    /// What personal data is used for.
    Purpose {
        PrivacyPolicy = "privacy_policy", "隐私政策";
        PreciseLocation = "precise_location", "签到时使用精确位置";
    }
}

/// The version of the privacy policy that is shown now; a changed policy asks everybody anew.
pub const POLICY_VERSION: &str = "2026-11";

/// Why consent is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum ConsentError {
    /// It was given to another version than the one shown now.
    #[error("隐私政策已更新为 {POLICY_VERSION} 版，请阅读后重新同意")]
    OtherVersion,
}

/// Consent counts only for the version that is shown now.
pub fn accept(version: &str) -> Result<(), ConsentError> {
    if version == POLICY_VERSION { Ok(()) } else { Err(ConsentError::OtherVersion) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_current_version_counts() {
        assert_eq!(accept(POLICY_VERSION), Ok(()));
        assert_eq!(accept("2025-01"), Err(ConsentError::OtherVersion));
        assert_eq!(ConsentError::OtherVersion.to_string(), "隐私政策已更新为 2026-11 版，请阅读后重新同意");
    }
}
