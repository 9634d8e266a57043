//! Who I am and what waits for me.

use actix_web::{get, web};
use domain::residency::ResidencyState;
use serde::Serialize;
use storage::{consents, members, membership_applications, organisations, residencies};
use utoipa::ToSchema;
use uuid::Uuid;

use super::application_view::MembershipApplicationView;
use super::consent::ConsentView;
use crate::auth::caller::CurrentIdentity;
use crate::error::ApiResult;
use crate::http::coded::Coded;
use crate::state::App;

type ResidencyStateCode = Coded<ResidencyState>;

/// 我的身份和待办：小程序据此决定下一个页面
#[derive(Debug, Serialize, ToSchema)]
struct OwnMemberView {
    /// 是否已与名册匹配；为假时请先绑定手机号
    bound: bool,
    /// 是否已同意现行版本的隐私政策；为假时请先出示隐私政策
    #[schema(example = true)]
    policy_accepted: bool,
    /// 有效的同意
    consents: Vec<ConsentView>,
    /// 党员信息，匹配后才有
    member: Option<MemberView>,
    /// 最近一次入册申请，没有匹配时才有；已确认的，刷新登录即可
    application: Option<MembershipApplicationView>,
    /// 办理中或已生效的报到的状态；为空时请先报到
    residency_state: Option<ResidencyStateCode>,
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
    let tx = app.database.read();
    let consents = consents::list(&tx, caller.identity).await?;
    let mut view = OwnMemberView {
        bound: false,
        policy_accepted: caller.agreed,
        consents: consents.into_iter().map(ConsentView::from).collect(),
        member: None,
        application: None,
        residency_state: None,
    };
    let member = match caller.member {
        Some(id) => members::find(&tx, id).await?,
        None => None,
    };
    let Some(member) = member else {
        let latest = membership_applications::find_latest_own(&tx, &app.vault, caller.identity).await?;
        view.application = latest.map(MembershipApplicationView::from);
        return Ok(web::Json(view));
    };
    let unit = organisations::find(&tx, member.unit).await?.map_or_else(String::new, |unit| unit.name);
    view.bound = true;
    view.residency_state = residencies::find_open(&tx, member.id).await?.map(|open| Coded(open.state));
    view.member = Some(MemberView {
        id: member.id.uuid(),
        number: member.number,
        name: member.name,
        phone_tail: member.phone_tail,
        unit,
    });
    Ok(web::Json(view))
}
