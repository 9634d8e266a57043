//! The one app the sandbox knows.

use super::refused::Refused;

/// The sandbox's app id.
pub const APP_ID: &str = "wxsim00000000001";
/// The sandbox's secret, which keeps nothing secret.
pub const SECRET: &str = "sandbox-secret-of-no-value";

/// Refuses any app but the sandbox's own, in WeChat's order.
pub(super) fn check(appid: Option<&str>, secret: Option<&str>) -> Result<(), Refused> {
    match (appid, secret) {
        (None | Some(""), _) => Err(Refused(41002, "appid missing")),
        (Some(APP_ID), None | Some("")) => Err(Refused(41004, "appsecret missing")),
        (Some(APP_ID), Some(SECRET)) => Ok(()),
        (Some(APP_ID), _) => Err(Refused(40125, "invalid appsecret")),
        _ => Err(Refused(40013, "invalid appid")),
    }
}
