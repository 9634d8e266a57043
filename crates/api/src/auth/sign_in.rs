//! Beginning and refreshing sessions: what the three ways of signing in share.

use domain::id::SessionId;
use domain::session::{Audience, Holder, Session};
use serde::Serialize;
use storage::sessions;
use utoipa::ToSchema;
use uuid::Uuid;

use super::caller::{Caller, Who};
use super::refresh_token;
use crate::error::{ApiError, ApiResult};
use crate::error_code::ErrorCode;
use crate::http::coded::{AudienceCode, Coded};
use crate::state::State;
use crate::use_case::Work;

/// 登录凭证
#[derive(Debug, Serialize, ToSchema)]
pub struct TokenView {
    /// 访问令牌，放在请求头 Authorization: Bearer 之后
    #[schema(example = "eyJhbGciOiJFZERTQSJ9…")]
    pub access_token: String,
    /// 访问令牌的有效秒数
    #[schema(example = 900)]
    pub expires_in: i64,
    /// 刷新令牌，用一次即换新
    #[schema(example = "AZmj8Gwe…")]
    pub refresh_token: String,
    /// 登录身份
    pub audience: AudienceCode,
    /// 是否已绑定：党员端指与名册匹配，商家端指已是店员，管理端恒为真
    pub bound: bool,
}

/// Begins a session within the transaction; an earlier session of the same WeChat user for the same audience ends.
pub async fn begin(work: &mut Work, audience: Audience, holder: Holder) -> ApiResult<Session> {
    if let Holder::Identity(identity) = holder {
        sessions::revoke_of_identity(&mut work.tx, identity, audience, "signed_in_again", work.wall).await?;
    }
    let session = Session::begin(SessionId::new(Uuid::now_v7()), audience, holder, work.wall);
    let token = refresh_token::derive(&work.app.refresh_key, session.id, session.counter);
    sessions::insert(&mut work.tx, &session, &refresh_token::hash(&token)).await?;
    work.about("session", session.id);
    Ok(session)
}

impl State {
    /// The tokens of a session whose changes are committed.
    pub async fn token_view(&self, session: &Session) -> ApiResult<TokenView> {
        let ended = || ApiError::new(ErrorCode::Unauthenticated, "登录已失效，请重新登录");
        let who = self.who(session.audience, session.holder, session.stepped_up_until).await?.ok_or_else(ended)?;
        let bound = match &who {
            Who::Member { member, .. } => member.is_some(),
            Who::Staff { staff, .. } => staff.is_some(),
            Who::Admin(_) => true,
        };
        let now = self.clock.wall();
        let caller =
            Caller { session: session.id, version: session.version, audience: session.audience, token_ends: now, who };
        let (access_token, expires_in) = self.tokens.sign(session, caller.person(), now)?;
        Ok(TokenView {
            access_token,
            expires_in,
            refresh_token: refresh_token::derive(&self.refresh_key, session.id, session.counter),
            audience: Coded(session.audience),
            bound,
        })
    }
}
