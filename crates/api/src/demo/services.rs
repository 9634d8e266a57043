//! What activities are about.

use domain::activity::{Risk, RiskLevel};
use domain::service::ServiceKind;

/// An activity as people describe it.
pub(super) struct Idea {
    pub(super) title: &'static str,
    pub(super) kind: ServiceKind,
    pub(super) description: &'static str,
    pub(super) place: &'static str,
    level: RiskLevel,
}

const fn idea(
    title: &'static str,
    kind: ServiceKind,
    description: &'static str,
    place: &'static str,
    level: RiskLevel,
) -> Idea {
    Idea { title, kind, description, place, level }
}

use RiskLevel::{Low, Medium};
use ServiceKind::{General, Professional, Training};

/// Everything that members do here.
pub(super) const IDEAS: [Idea; 16] = [
    idea(
        "清洁家园：楼道杂物清理",
        General,
        "清理楼道堆放的杂物，劝导居民不在消防通道停放电动车。请穿耐脏的衣服，手套由小区准备。",
        "小区党群服务站门口",
        Low,
    ),
    idea(
        "平安夜巡：小区安全巡逻",
        General,
        "两人一组巡查小区，提醒居民关好门窗、规范停车，发现隐患拍照上报物业。",
        "小区东门岗亭",
        Low,
    ),
    idea(
        "爱心理发进小区",
        Professional,
        "为六十岁以上老人和行动不便的居民免费理发，需自带工具。",
        "小区党群服务站一层",
        Low,
    ),
    idea(
        "健康义诊：测血压、问用药",
        Professional,
        "医护党员为居民测量血压血糖，讲解慢性病用药，登记需要上门随访的老人。",
        "社区卫生服务站",
        Low,
    ),
    idea("敬老饺子宴", General, "为独居老人包饺子、送到家，陪老人聊聊天，登记生活需要。", "幸福餐厅", Low),
    idea("垃圾分类宣传", General, "在投放点引导居民分类投放，入户发放分类手册。", "小区垃圾分类亭", Low),
    idea("在职党员先锋课堂", Training, "学习志愿服务常识和社区工作方法，交流服务经验。", "社区会议室", Low),
    idea(
        "法律咨询进社区",
        Professional,
        "解答邻里纠纷、物业合同、婚姻继承等问题，需具备法律职业资格。",
        "社区党群服务中心",
        Low,
    ),
    idea("文明交通劝导", General, "早高峰在路口劝导非机动车和行人各行其道，全程穿反光背心。", "小区西门外路口", Medium),
    idea("旧衣物捐赠整理", General, "分类、消毒、打包居民捐赠的衣物，登记去向。", "社区爱心驿站", Low),
    idea("儿童假期托管班", General, "陪孩子写作业、做游戏，中午照看午餐。", "社区儿童之家", Low),
    idea("绿地认养：除草浇水", General, "给认养的绿地除草、浇水、补种，清理花坛里的垃圾。", "小区中心花园", Low),
    idea("扫雪除冰", General, "清扫小区主路和单元门口的积雪，给台阶撒防滑砂。请穿防滑鞋。", "小区物业门前", Medium),
    idea("反诈宣传入户", General, "帮老人安装国家反诈中心应用，讲解常见骗局。", "小区活动室", Low),
    idea(
        "适老化小修小补",
        Professional,
        "为独居老人更换灯泡、水龙头，加装扶手，需持电工证。",
        "小区党群服务站",
        Medium,
    ),
    idea("社区图书整理日", General, "给社区书屋的图书分类上架，修补破损的书页。", "社区书屋", Low),
];

impl Idea {
    /// What may go wrong, said as the rules want it.
    pub(super) fn risk(&self) -> Risk {
        let notice = (self.level != Low).then(|| "请注意脚下和来往车辆，听从负责人安排。".into());
        let insurance = (self.level != Low).then(|| "已投保志愿者意外险".into());
        Risk { level: self.level, notice, insurance }
    }

    /// The qualification that professional service takes.
    pub(super) fn qualification(&self) -> Option<String> {
        (self.kind == Professional).then(|| "须持相应职业资格证书".into())
    }
}
