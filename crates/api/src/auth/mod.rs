//! Who is asking: passwords, second factors, tokens, and the check at the door of every scope.

pub mod caller;
pub mod identify;
pub mod password;
pub mod refresh_token;
pub mod sign_in;
pub mod token;
pub mod totp;
