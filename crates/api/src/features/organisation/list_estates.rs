//! Looking for the estate one lives in.

use actix_web::{get, web};
use domain::id::NodeId;
use serde::{Deserialize, Serialize};
use storage::estates::{self, Estate};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::auth::caller::CurrentMember;
use crate::error::{ApiResult, Problem};
use crate::http::input;
use crate::http::page::{Listed, page_request};
use crate::http::query::Query;
use crate::state::App;

#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct EstateQuery {
    /// 小区或社区名称中的文字
    #[param(example = "新河湾")]
    text: Option<String>,
    /// 只看这个社区的小区
    community_id: Option<Uuid>,
    /// 每页条数，1 到 100，默认 20
    limit: Option<u64>,
    /// 上一页给出的游标
    cursor: Option<String>,
}

/// 小区
#[derive(Debug, Serialize, ToSchema)]
struct EstateView {
    /// 编号，报到时填写
    id: Uuid,
    /// 名称
    #[schema(example = "新河湾小区")]
    name: String,
    /// 所在社区
    #[schema(example = "文源社区")]
    community: String,
    /// 所在街道
    #[schema(example = "水泊寺街道")]
    subdistrict: String,
}

impl From<Estate> for EstateView {
    fn from(estate: Estate) -> Self {
        let id = estate.id().uuid();
        Self { id, name: estate.name, community: estate.community, subdistrict: estate.subdistrict }
    }
}

/// 查找小区
///
/// 按小区或社区名称查找，供报到时选择。
#[utoipa::path(tag = "组织", params(EstateQuery), responses(
    (status = 200, description = "小区列表", body = Listed<EstateView>),
    (status = 422, description = "查询条件有误", body = Problem, content_type = "application/problem+json"),
))]
#[get("/estates")]
pub(super) async fn list_estates(
    _: CurrentMember,
    query: Query<EstateQuery>,
    app: App,
) -> ApiResult<web::Json<Listed<EstateView>>> {
    let text = input::optional_line("text", query.text.as_deref(), 30)?;
    let page = page_request(query.limit, query.cursor.as_deref())?;
    let community = query.community_id.map(NodeId::new);
    let found = estates::list(&app.database.read(), text.as_deref(), community, &page).await?;
    Ok(web::Json(Listed::of(found, EstateView::from)))
}
