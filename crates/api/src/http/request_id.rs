//! The request's id: in the log, in the audit trail, in every problem, and in the `x-request-id` header.

use std::cell::RefCell;

/// The id of the request under way.
#[derive(Clone, Debug)]
pub struct RequestId(pub String);

tokio::task_local! {
    static CURRENT: RefCell<String>;
}

/// Runs a request under its id.
pub async fn under<T>(id: &str, request: impl Future<Output = T>) -> T {
    CURRENT.scope(RefCell::new(id.to_owned()), request).await
}

/// The id of the request that this task answers; empty outside a request.
pub fn current() -> String {
    CURRENT.try_with(|id| id.borrow().clone()).unwrap_or_default()
}
