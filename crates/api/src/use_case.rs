//! How a writing use case runs: in its own task, in one transaction, once per idempotency key, with one audit row.
//!
//! A handler describes only the story between begin and commit. The server drops a handler in the middle when the phone
//! resets its connection; a spawned task goes on to its end, so nothing is left half done.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload};
use domain::id::PersonId;
use domain::time::Instant;
use serde::Serialize;
use storage::idempotency::{self, Claim, Scope};
use storage::{WriteTx, audit};
use tokio::sync::OwnedSemaphorePermit;
use uuid::Uuid;

use crate::auth::caller::Caller;
use crate::error::{ApiError, ApiResult};
use crate::error_code::ErrorCode;
use crate::http::answer::Answer;
use crate::http::idempotency_key::IdempotencyKey;
use crate::http::request_id::RequestId;
use crate::state::App;

/// What a use case does between begin and commit.
pub type Story<'a, T> = Pin<Box<dyn Future<Output = ApiResult<T>> + Send + 'a>>;

/// Starts use cases on behalf of the caller of this request.
#[derive(Clone)]
pub struct UseCase {
    app: App,
    caller: Option<Arc<Caller>>,
    /// What the audit trail calls whoever acts, if it is no caller.
    unnamed: &'static str,
    request_id: String,
    ip: Option<String>,
    #[expect(dead_code, reason = "held until the story's task has ended")]
    gate: Option<Arc<OwnedSemaphorePermit>>,
}

/// Who acts when nobody asked.
const JOB: &str = "job";

/// A use case under way.
pub struct Work {
    /// The transaction.
    pub tx: WriteTx,
    /// Business time, the same throughout.
    pub now: Instant,
    /// Wall time, the same throughout.
    pub wall: Instant,
    /// Keys, clocks and settings.
    pub app: App,
    /// The key by which the client repeats this very call, if it must have one.
    pub scope: Option<Scope>,
    object: (&'static str, Option<Uuid>),
    reason: Option<String>,
    refused: Option<ErrorCode>,
    last: Option<Last>,
}

/// What a story leaves for the very end.
type Last = Box<dyn for<'a> FnOnce(&'a mut Work) -> Story<'a, ()> + Send + Sync>;

impl Work {
    /// Says which thing the audit row is about.
    pub fn about(&mut self, kind: &'static str, id: impl Into<Uuid>) {
        self.object = (kind, Some(id.into()));
    }

    /// Says why, for the audit row.
    pub fn because(&mut self, reason: String) {
        self.reason = Some(reason);
    }

    /// Says that what is kept is a refusal, such as a failed attempt that counts towards a lock.
    pub fn refused(&mut self, code: ErrorCode) {
        self.refused = Some(code);
    }

    /// Leaves one statement for the very end, after the answer and the audit row: it takes a row for which everybody
    /// waits, and holds it for the commit alone. Its refusal undoes everything.
    pub fn at_last(&mut self, act: impl for<'a> FnOnce(&'a mut Self) -> Story<'a, ()> + Send + Sync + 'static) {
        self.last = Some(Box::new(act));
    }
}

impl UseCase {
    /// A use case that the service itself starts: a job's.
    pub fn internal(app: App) -> Self {
        Self { app, caller: None, unnamed: JOB, request_id: Uuid::now_v7().to_string(), ip: None, gate: None }
    }

    /// A use case that somebody starts at the machine's command line.
    pub fn at_command_line(app: App) -> Self {
        Self { unnamed: "operator", ..Self::internal(app) }
    }

    /// Where the request came from.
    pub fn ip(&self) -> Option<&str> {
        self.ip.as_deref()
    }

    /// Keeps a gate's permit until the story has ended, even if nobody waits for its answer any more.
    #[must_use]
    pub fn behind(self, permit: OwnedSemaphorePermit) -> Self {
        Self { gate: Some(Arc::new(permit)), ..self }
    }

    /// Runs a story that may safely run again.
    pub async fn write<T, F>(self, operation: &'static str, story: F) -> ApiResult<T>
    where
        T: Send + 'static,
        F: for<'a> FnOnce(&'a mut Work) -> Story<'a, T> + Send + 'static,
    {
        in_own_task(async move {
            let mut work = self.begin(None).await?;
            match story(&mut work).await {
                Ok(answer) => self.finish(work, operation).await.map(|()| answer),
                Err(refusal) => self.refuse(work, operation, refusal).await,
            }
        })
        .await
    }

    /// Runs a story that moves points, stock, seats or vouchers: the same key and request get the same answer for ever.
    pub async fn once<R, T, F>(
        self,
        operation: &'static str,
        key: IdempotencyKey,
        request: &R,
        story: F,
    ) -> ApiResult<Answer>
    where
        R: Serialize,
        T: Serialize + Send + 'static,
        F: for<'a> FnOnce(&'a mut Work) -> Story<'a, T> + Send + 'static,
    {
        let person = self.caller.as_ref().map(|caller| caller.person());
        let person = person.ok_or_else(|| ApiError::from(ErrorCode::Unauthenticated))?;
        let scope = Scope { person, operation, key: key.0 };
        let hash = request_hash(request)?;
        in_own_task(async move {
            let mut work = self.begin(Some(scope.clone())).await?;
            match idempotency::claim(&mut work.tx, &scope, &hash, work.wall).await? {
                Claim::Fresh => {}
                Claim::Done { status, body } => {
                    work.tx.undo().await?;
                    return Ok(Answer::replayed(status, body));
                }
                Claim::OtherRequest => {
                    work.tx.undo().await?;
                    let detail = "这个幂等键已经用于内容不同的请求，请换一个新的幂等键";
                    return Err(ApiError::new(ErrorCode::IdempotencyKeyReused, detail));
                }
            }
            match story(&mut work).await {
                Ok(view) => {
                    let answer = Answer::created(&view)?;
                    idempotency::settle(&mut work.tx, &scope, answer.status, answer.body.clone()).await?;
                    self.finish(work, operation).await?;
                    Ok(answer)
                }
                Err(refusal) => self.refuse(work, operation, refusal).await,
            }
        })
        .await
    }

    async fn begin(&self, scope: Option<Scope>) -> ApiResult<Work> {
        let tx = self.app.database.write().await?;
        let (now, wall) = (self.app.clock.business(), self.app.clock.wall());
        let (app, object) = (self.app.clone(), ("none", None));
        Ok(Work { tx, now, wall, app, scope, object, reason: None, refused: None, last: None })
    }

    async fn finish(&self, mut work: Work, operation: &'static str) -> ApiResult<()> {
        let mut record = self.record(operation, work.object, work.refused, (work.wall, work.now));
        record.reason = work.reason.take();
        audit::record(&mut work.tx, record).await?;
        if let Some(last) = work.last.take()
            && let Err(refusal) = last(&mut work).await
        {
            return self.refuse(work, operation, refusal).await;
        }
        Ok(work.tx.commit().await?)
    }

    /// Undoes the story, then takes note of a refusal that matters, bounded per person so that nobody can flood the trail.
    async fn refuse<T>(&self, work: Work, operation: &'static str, refusal: ApiError) -> ApiResult<T> {
        let Work { tx, object, now, wall, .. } = work;
        if let Err(error) = tx.undo().await {
            tracing::warn!(operation, %error, "a refused story was not undone by itself; its connection ends with it");
        }
        // A job that is refused says so in the log, round after round.
        if refusal.code.audited() && self.unnamed != JOB {
            self.record_refusal(operation, object, refusal.code, (wall, now)).await;
        }
        Err(refusal)
    }

    async fn record_refusal(
        &self,
        operation: &'static str,
        object: (&'static str, Option<Uuid>),
        refused: ErrorCode,
        times: (Instant, Instant),
    ) {
        let who =
            self.caller.as_ref().map_or_else(|| format!("{:?}", self.ip), |caller| caller.person().uuid().to_string());
        if self.app.counted(&format!("refusals:{who}"), Duration::from_mins(10)).await > 30 {
            return;
        }
        let record = self.record(operation, object, Some(refused), times);
        let written = async {
            let mut tx = self.app.database.write().await?;
            audit::record(&mut tx, record).await?;
            tx.commit().await
        };
        if let Err(error) = written.await {
            tracing::error!(%error, "a refusal could not be audited");
        }
    }

    /// Takes note of a refusal that happened before any story began, in a task of its own: who hangs up is noted too.
    pub async fn note_refusal(&self, operation: &'static str, refusal: &ApiError) {
        let times = (self.app.clock.wall(), self.app.clock.business());
        let (this, refused) = (self.clone(), refusal.code);
        let noted = tokio::spawn(async move {
            this.record_refusal(operation, ("none", None), refused, times).await;
        });
        if let Err(panic) = noted.await {
            tracing::error!(error = %panic, "a refusal could not be audited");
        }
    }

    fn record(
        &self,
        action: &'static str,
        (object_kind, object): (&'static str, Option<Uuid>),
        refused: Option<ErrorCode>,
        (at, business_at): (Instant, Instant),
    ) -> audit::Record {
        let person: Option<PersonId> = self.caller.as_ref().map(|caller| caller.person());
        audit::Record {
            at,
            business_at,
            actor_kind: self.caller.as_ref().map_or(self.unnamed, |caller| caller.kind()),
            actor: person.map(PersonId::uuid),
            action,
            object_kind,
            object,
            refused: refused.map(|code| code.to_string()),
            reason: None,
            ip: self.ip.clone(),
            request_id: self.request_id.clone(),
        }
    }
}

async fn in_own_task<T: Send + 'static>(story: impl Future<Output = ApiResult<T>> + Send + 'static) -> ApiResult<T> {
    tokio::spawn(story).await.unwrap_or_else(|panic| Err(ApiError::internal(panic)))
}

fn request_hash<R: Serialize>(request: &R) -> ApiResult<Vec<u8>> {
    let canonical = serde_json::to_vec(request).map_err(ApiError::internal)?;
    Ok(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &canonical).as_ref().to_vec())
}

impl FromRequest for UseCase {
    type Error = ApiError;
    type Future = std::future::Ready<ApiResult<Self>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let Some(app) = request.app_data::<App>().cloned() else {
            return std::future::ready(Err(ApiError::from(ErrorCode::Internal)));
        };
        let ip = crate::http::peer::address(request, &app.config.server.trusted_proxies);
        let extensions = request.extensions();
        let request_id = extensions.get::<RequestId>().map_or_else(String::new, |id| id.0.clone());
        let caller = extensions.get::<Arc<Caller>>().cloned();
        std::future::ready(Ok(Self { app, caller, unnamed: "anonymous", request_id, ip, gate: None }))
    }
}
