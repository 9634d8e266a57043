//! Who I am and what waits for me.

use actix_web::{get, web};
use serde::Serialize;
use storage::{members, organisations};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::caller::CurrentIdentity;
use crate::error::ApiResult;
use crate::state::App;

/// 我的党员身份
#[derive(Debug, Serialize, ToSchema)]
struct OwnMemberView {
    /// 是否已与名册匹配；为假时请先绑定手机号
    bound: bool,
    /// 党员信息，匹配后才有
    member: Option<MemberView>,
}

/// 党员信息
#[derive(Debug, Serialize, ToSchema)]
struct MemberView {
    /// 编号
    id: Uuid,
    /// 党员服务编号，可以公开
    #[schema(example = "PC00000001")]
    number: String,
    /// 姓名
    #[schema(example = "张建国")]
    name: String,
    /// 手机号后四位
    #[schema(example = "1234")]
    phone_tail: String,
    /// 原单位
    #[schema(example = "平城区教育局")]
    unit: String,
}

/// 查看我的身份
///
/// 尚未绑定的用户也可以调用。
#[utoipa::path(tag = "党员", responses((status = 200, description = "我的身份", body = OwnMemberView)))]
#[get("/me")]
pub(super) async fn show_own_member(caller: CurrentIdentity, app: App) -> ApiResult<web::Json<OwnMemberView>> {
    let Some(id) = caller.member else {
        return Ok(web::Json(OwnMemberView { bound: false, member: None }));
    };
    let tx = app.database.read();
    let Some(member) = members::find(&tx, id).await? else {
        return Ok(web::Json(OwnMemberView { bound: false, member: None }));
    };
    let unit = organisations::find(&tx, member.unit).await?.map_or_else(String::new, |unit| unit.name);
    let view =
        MemberView { id: id.uuid(), number: member.number, name: member.name, phone_tail: member.phone_tail, unit };
    Ok(web::Json(OwnMemberView { bound: true, member: Some(view) }))
}
