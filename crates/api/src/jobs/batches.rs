//! Many small things of one kind, settled together: few transactions, each with some hundred things, several at a time.

use std::fmt::Display;

use futures_util::future::join_all;

use crate::error::{ApiError, ApiResult};
use crate::error_code::ErrorCode;
use crate::state::App;
use crate::use_case::{Story, UseCase, Work};

/// What is done with some things in one transaction. It answers how many it did; none leave nothing in the audit trail.
pub(super) type Settle<T> = for<'a> fn(&'a mut Work, Vec<T>) -> Story<'a, u64>;

/// Settles each batch in a transaction, or its things one by one if that fails, so that one of them that is wrong holds up
/// none of the others. Answers how many were done.
pub(super) async fn settle<T>(app: &App, operation: &'static str, batches: Vec<Vec<T>>, settle: Settle<T>) -> u64
where
    T: Copy + Display + Send + Sync + 'static,
{
    let batches = batches.into_iter().map(|batch| together_or_alone(app, operation, batch, settle));
    join_all(batches).await.into_iter().sum()
}

async fn together_or_alone<T>(app: &App, operation: &'static str, batch: Vec<T>, settle: Settle<T>) -> u64
where
    T: Copy + Display + Send + Sync + 'static,
{
    if batch.len() > 1 {
        match settle_some(app, operation, batch.clone(), settle).await {
            Ok(done) => return done,
            Err(error) => tracing::warn!(operation, %error, "not settled together"),
        }
    }
    let mut all = 0;
    for one in batch {
        match settle_some(app, operation, vec![one], settle).await {
            Ok(done) => all += done,
            Err(error) => tracing::error!(operation, of = %one, %error, "not settled"),
        }
    }
    all
}

async fn settle_some<T>(app: &App, operation: &'static str, some: Vec<T>, settle: Settle<T>) -> ApiResult<u64>
where
    T: Copy + Display + Send + Sync + 'static,
{
    let _turn = app.batches.acquire().await.map_err(ApiError::internal)?;
    let story = UseCase::internal(app.clone()).write(operation, move |work| {
        Box::pin(async move {
            // Another replica was faster.
            match settle(work, some).await? {
                0 => Err(ErrorCode::StateConflict.into()),
                done => Ok(done),
            }
        })
    });
    match story.await {
        Err(nothing) if nothing.code == ErrorCode::StateConflict => Ok(0),
        other => other,
    }
}
