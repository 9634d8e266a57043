//! What I was told about points that go, newest first.

use actix_web::{get, web};
use chrono::NaiveDate;
use domain::notice::Notice;
use serde::Serialize;
use storage::notices;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::caller::CurrentMember;
use crate::error::ApiResult;
use crate::http::page::{Listed, PageQuery, page_request};
use crate::http::query::Query;
use crate::http::time::BeijingTime;
use crate::state::App;

/// 到期提醒
#[derive(Debug, Serialize, ToSchema)]
struct NoticeView {
    /// 提醒编号
    id: Uuid,
    /// 提醒内容
    #[schema(example = "您有 36 分积分将于 2027-03-31 到期，当天仍可使用，过后作废。")]
    sentence: String,
    /// 提醒时将到期的积分
    #[schema(example = 36)]
    points: i64,
    /// 最后可用的一天
    #[schema(example = "2027-03-31")]
    last_day: NaiveDate,
    /// 提前几天的提醒
    #[schema(example = 60)]
    days_before: u32,
    /// 提醒时间
    at: BeijingTime,
}

impl From<Notice> for NoticeView {
    fn from(notice: Notice) -> Self {
        Self {
            id: notice.id.uuid(),
            sentence: notice.sentence(),
            points: notice.points,
            last_day: notice.last_day(),
            days_before: notice.days_before,
            at: notice.created_at.into(),
        }
    }
}

/// 我的到期提醒
///
/// 积分到期前 60 天、30 天、7 天各提醒一次。最近的在前。
#[utoipa::path(tag = "积分", params(PageQuery), responses(
    (status = 200, description = "到期提醒", body = Listed<NoticeView>),
))]
#[get("/notices")]
pub(super) async fn list_notices(
    caller: CurrentMember,
    query: Query<PageQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<NoticeView>>> {
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let found = notices::list_own(&app.database.read(), caller.member, &page).await?;
    Ok(web::Json(Listed::of(found, NoticeView::from)))
}
