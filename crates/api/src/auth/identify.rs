//! The door of a scope: no valid token is 401, a token of another audience 403, before anything of the request is read.

use std::sync::Arc;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::AUTHORIZATION;
use actix_web::middleware::Next;
use actix_web::{Error, FromRequest, HttpMessage, HttpRequest};
use domain::consent::{POLICY_VERSION, Purpose};
use domain::member::MemberState;
use domain::session::{Audience, Holder};
use storage::sessions::{self, MemberSession};
use storage::{admins, consents, identities, members, role_grants, staff};

use super::caller::{Admin, Caller, Who};
use crate::error::{ApiError, ApiResult};
use crate::error_code::ErrorCode;
use crate::http::request_id;
use crate::state::{App, State};
use crate::use_case::UseCase;

/// Lets only callers of the audience in; with none, callers of any.
pub async fn identify(
    audience: Option<Audience>,
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    match admit(audience, &request).await {
        Ok(()) => {}
        Err(refusal) => {
            if refusal.code == ErrorCode::WrongAudience {
                note(request.request(), &refusal).await;
            }
            let answer = refusal.respond(&request_id::current());
            return Ok(request.into_response(answer));
        }
    }
    let response = next.call(request).await?.map_into_boxed_body();
    let refused = response.response().extensions().get::<ErrorCode>().copied();
    let authority = [ErrorCode::Forbidden, ErrorCode::PasswordChangeRequired, ErrorCode::StepUpRequired];
    if let Some(code) = refused.filter(|code| authority.contains(code)) {
        note(response.request(), &code.into()).await;
    }
    Ok(response)
}

async fn admit(audience: Option<Audience>, request: &ServiceRequest) -> ApiResult<()> {
    let app = request.app_data::<App>().ok_or_else(|| ApiError::from(ErrorCode::Internal))?;
    let token = bearer(request.request()).ok_or_else(|| ApiError::new(ErrorCode::Unauthenticated, "请先登录"))?;
    let caller = app.caller(token).await?;
    let wrong = audience.is_some_and(|audience| audience != caller.audience);
    request.extensions_mut().insert(caller);
    if wrong {
        return Err(ApiError::new(ErrorCode::WrongAudience, "当前登录身份不能使用这个功能，请切换后重新登录"));
    }
    Ok(())
}

fn bearer(request: &HttpRequest) -> Option<&str> {
    let value = request.headers().get(AUTHORIZATION)?.to_str().ok()?;
    let (kind, token) = value.split_once(' ')?;
    kind.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

async fn note(request: &HttpRequest, refusal: &ApiError) {
    if let Ok(use_case) = UseCase::extract(request).await {
        use_case.note_refusal("authorize", refusal).await;
    }
}

impl State {
    /// Who holds this token. Looked up again after five seconds at the latest, so that an ended session ends everywhere.
    pub async fn caller(&self, token: &str) -> ApiResult<Arc<Caller>> {
        let key = digest(token);
        let now = self.clock.wall();
        if let Some(caller) = self.callers.get(&key).filter(|caller| now < caller.token_ends) {
            return Ok(caller);
        }
        let ended = || ApiError::new(ErrorCode::Unauthenticated, "登录已失效，请重新登录");
        let (claims, audience, session) = self.tokens.read(token, now).ok_or_else(ended)?;
        let tx = self.database.read();
        let (session, who) = if audience == Audience::Member {
            let found = sessions::find_of_member(&tx, session, Purpose::PrivacyPolicy, POLICY_VERSION).await?;
            let MemberSession { session, member, agreed } = found.ok_or_else(ended)?;
            let Holder::Identity(identity) = session.holder else { return Err(ended()) };
            (session, Some(Who::Member { identity, member, agreed }))
        } else {
            (sessions::find(&tx, session).await?.ok_or_else(ended)?, None)
        };
        if !session.alive(now) || session.audience != audience || session.version != claims.ver {
            return Err(ended());
        }
        let who = match who {
            Some(who) => who,
            None => self.who(session.audience, session.holder, session.stepped_up_until).await?.ok_or_else(ended)?,
        };
        let token_ends = claims.ends();
        let caller = Arc::new(Caller { session: session.id, version: session.version, audience, token_ends, who });
        self.callers.insert(key, Arc::clone(&caller));
        Ok(caller)
    }

    /// Forgets whose token this is, so that the next request looks it up.
    pub fn forget_caller(&self, token: &str) {
        self.callers.invalidate(&digest(token));
    }

    /// Forgets who sent this request, because it changed what they may do.
    pub fn forget_sender(&self, request: &HttpRequest) {
        if let Some(token) = bearer(request) {
            self.forget_caller(token);
        }
    }

    /// Who the holder of a session is now; nobody, if their account may no longer be used.
    pub async fn who(
        &self,
        audience: Audience,
        holder: Holder,
        stepped_up_until: Option<domain::time::Instant>,
    ) -> ApiResult<Option<Who>> {
        let tx = self.database.read();
        Ok(match (audience, holder) {
            (Audience::Member, Holder::Identity(id)) => {
                let Some(identity) = identities::find(&tx, id).await? else { return Ok(None) };
                let member = match identity.member {
                    Some(member) => members::find(&tx, member).await?.filter(|m| m.state == MemberState::Active),
                    None => None,
                };
                let agreed = consents::holds(&tx, id, Purpose::PrivacyPolicy, POLICY_VERSION).await?;
                Some(Who::Member { identity: id, member: member.map(|member| member.id), agreed })
            }
            (Audience::Merchant, Holder::Identity(id)) => {
                Some(Who::Staff { identity: id, staff: staff::find_active(&tx, id).await? })
            }
            (Audience::Admin, Holder::Admin(id)) => {
                let Some(admin) = admins::find(&tx, &self.vault, id).await?.filter(|admin| admin.active) else {
                    return Ok(None);
                };
                Some(Who::Admin(Admin {
                    id,
                    account: admin.account,
                    name: admin.name,
                    member: admin.member,
                    grants: role_grants::list_of(&tx, id).await?,
                    stepped_up_until,
                    must_change_password: admin.must_change_password,
                }))
            }
            _ => None,
        })
    }
}

fn digest(token: &str) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, token.as_bytes()).as_ref());
    bytes
}
