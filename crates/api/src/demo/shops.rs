//! Merchants, their stores, and what they offer.

use domain::id::{AdminId, NodeId, OfferId};
use domain::merchant::{Merchant, MerchantCategory, MerchantState, Store, StoreState};
use domain::offer::{FundingSource, Offer, OfferError, Promise};
use domain::time::Instant;

use super::draw::Draw;
use super::ids;
use super::places::Tree;
use FundingSource as F;
use MerchantCategory as C;

/// How an offer of the demo stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stand {
    Listed,
    Paused,
    Submitted,
    Draft,
    Approved,
    Ended,
}

struct Shop {
    name: &'static str,
    category: C,
    introduction: &'static str,
    address: &'static str,
    hours: &'static str,
    offers: &'static [Sale],
}

/// Title, what one gets, conditions, points, value in fen, who pays, stock, limit a quarter (0: the rulebook's), days.
struct Sale(&'static str, &'static str, &'static str, i64, i64, F, i64, i32, i32, Stand);

const ONE_EACH: &str = "每张券限用一次，不找零、不兑现，不与店内其他优惠同享。";
const BOOKING: &str = "请提前一天电话预约；每张券限用一次，不兑现。";

/// The shops that are always there. The order gives the ids: the first offer is the one of the examples, the second is
/// the one without end.
const SHOPS: [Shop; 12] = [
    Shop {
        name: "晋阳面馆",
        category: C::Food,
        introduction: "社区里开了十五年的面馆，手工刀削面，现做现卖。",
        address: "水泊寺街道文源社区新河湾小区东门 3 号",
        hours: "每天 7:00–21:00",
        offers: &[
            Sale(
                "刀削面一碗",
                "招牌番茄鸡蛋刀削面一碗，可换肉臊子。",
                ONE_EACH,
                15,
                1_200,
                F::MerchantBorne,
                200,
                0,
                30,
                Stand::Listed,
            ),
            Sale(
                "环保购物袋一个",
                "可反复使用的帆布购物袋，印有小区公约。",
                ONE_EACH,
                2,
                500,
                F::CharityFund,
                1_000_000,
                0,
                60,
                Stand::Listed,
            ),
            Sale(
                "家庭套餐七折券",
                "三人套餐七折：三碗面、两份凉菜、一份汤。",
                ONE_EACH,
                40,
                3_600,
                F::MerchantBorne,
                60,
                1,
                30,
                Stand::Listed,
            ),
        ],
    },
    Shop {
        name: "惠民便利店",
        category: C::Retail,
        introduction: "小区门口的便利店，米面油盐、日用百货。",
        address: "水泊寺街道文源社区文源里小区 1 号楼底商",
        hours: "每天 6:30–22:30",
        offers: &[
            Sale(
                "十元购物抵用券",
                "购物满 20 元抵 10 元，烟酒除外。",
                "烟、酒、充值卡除外；每次限用一张，不找零。",
                12,
                1_000,
                F::Mixed,
                500,
                0,
                30,
                Stand::Listed,
            ),
            Sale("东北大米五公斤", "当季新米一袋。", ONE_EACH, 60, 4_500, F::UnitPool, 3, 1, 30, Stand::Listed),
            Sale("鸡蛋一板", "三十枚装鲜鸡蛋一板。", ONE_EACH, 30, 2_400, F::UnitPool, 0, 1, 15, Stand::Listed),
        ],
    },
    Shop {
        name: "康宁大药房",
        category: C::Health,
        introduction: "执业药师在岗，免费测量血压、血糖。",
        address: "水泊寺街道兴文社区兴文苑小区南门",
        hours: "每天 8:00–21:30",
        offers: &[
            Sale(
                "血压血糖检测一次",
                "药师检测并讲解，附一份家庭用药建议。",
                BOOKING,
                8,
                1_500,
                F::MerchantBorne,
                300,
                0,
                60,
                Stand::Listed,
            ),
            Sale(
                "家庭急救包",
                "绷带、碘伏、创可贴等十二件。",
                ONE_EACH,
                45,
                3_900,
                F::Fiscal,
                40,
                1,
                60,
                Stand::Listed,
            ),
        ],
    },
    Shop {
        name: "古都书店",
        category: C::Culture,
        introduction: "地方文史与儿童读物，周末有读书会。",
        address: "大庆路街道局前社区局前街 18 号",
        hours: "周二至周日 9:30–20:30",
        offers: &[
            Sale(
                "图书九折再减十元",
                "购书满 50 元，九折后再减 10 元。",
                ONE_EACH,
                18,
                1_500,
                F::MerchantBorne,
                150,
                0,
                60,
                Stand::Listed,
            ),
            Sale(
                "亲子读书会入场券",
                "周六上午亲子读书会，一大一小。",
                BOOKING,
                20,
                2_000,
                F::CharityFund,
                1,
                1,
                30,
                Stand::Listed,
            ),
        ],
    },
    Shop {
        name: "绿茵体育馆",
        category: C::Sport,
        introduction: "羽毛球、乒乓球、健身操，工作日上午人少。",
        address: "大庆路街道民和社区民和佳园小区西侧",
        hours: "每天 8:00–22:00",
        offers: &[
            Sale(
                "羽毛球场地一小时",
                "工作日 17:00 前，一块场地一小时。",
                BOOKING,
                25,
                4_000,
                F::MerchantBorne,
                120,
                0,
                30,
                Stand::Listed,
            ),
            Sale(
                "乒乓球台一小时",
                "任意时段一张球台一小时，球拍免费借用。",
                BOOKING,
                12,
                2_000,
                F::MerchantBorne,
                160,
                0,
                30,
                Stand::Listed,
            ),
        ],
    },
    Shop {
        name: "安心家政",
        category: C::Housekeeping,
        introduction: "保洁、擦玻璃、家电清洗，师傅持证上门。",
        address: "水泊寺街道文源社区便民服务中心 2 层",
        hours: "每天 8:30–18:30",
        offers: &[
            Sale(
                "家庭保洁两小时",
                "一名保洁员上门两小时，自带工具。",
                BOOKING,
                80,
                8_000,
                F::Mixed,
                30,
                1,
                60,
                Stand::Listed,
            ),
            Sale(
                "油烟机清洗七折",
                "拆洗一台油烟机，七折。",
                BOOKING,
                35,
                4_500,
                F::MerchantBorne,
                50,
                1,
                60,
                Stand::Paused,
            ),
        ],
    },
    Shop {
        name: "雅致理发店",
        category: C::Beauty,
        introduction: "男女老少都剪，老年人上门服务。",
        address: "水泊寺街道文源社区新河湾小区 8 号楼底商",
        hours: "每天 9:00–20:00",
        offers: &[
            Sale("男士剪发一次", "洗剪吹一次。", BOOKING, 20, 2_500, F::MerchantBorne, 80, 0, 30, Stand::Listed),
            Sale(
                "老人上门理发",
                "为 70 岁以上老人上门理发一次。",
                BOOKING,
                10,
                2_000,
                F::CharityFund,
                100,
                0,
                30,
                Stand::Listed,
            ),
        ],
    },
    Shop {
        name: "启航教育",
        category: C::Education,
        introduction: "书法、绘画、编程启蒙小班课。",
        address: "大庆路街道民和社区民和北苑小区会所",
        hours: "周三至周日 10:00–20:00",
        offers: &[
            Sale(
                "书法体验课一节",
                "成人或儿童书法体验课，含纸墨。",
                BOOKING,
                22,
                5_000,
                F::MerchantBorne,
                60,
                1,
                60,
                Stand::Listed,
            ),
            Sale(
                "编程启蒙体验课",
                "面向 8–12 岁，90 分钟。",
                BOOKING,
                28,
                6_000,
                F::MerchantBorne,
                40,
                1,
                60,
                Stand::Submitted,
            ),
        ],
    },
    Shop {
        name: "幸福餐厅",
        category: C::Food,
        introduction: "小区党群服务站的老年餐厅，少油少盐，可送餐。",
        address: "水泊寺街道文源社区新河湾小区党群服务站",
        hours: "每天 11:00–13:00，17:00–18:30",
        offers: &[
            Sale(
                "爱心午餐一份",
                "两荤两素一汤，可转赠给小区老人。",
                ONE_EACH,
                15,
                1_500,
                F::CharityFund,
                400,
                0,
                30,
                Stand::Listed,
            ),
            Sale(
                "早餐券五张",
                "豆浆、鸡蛋、花卷任选。",
                ONE_EACH,
                20,
                2_000,
                F::Recirculated,
                200,
                0,
                7,
                Stand::Listed,
            ),
        ],
    },
    Shop {
        name: "民和修配铺",
        category: C::Other,
        introduction: "修鞋、配钥匙、磨刀、缝补。",
        address: "大庆路街道民和社区民和佳园小区北门",
        hours: "每天 8:00–19:00",
        offers: &[
            Sale(
                "配钥匙两把",
                "普通钥匙两把，防盗门钥匙另加工费。",
                ONE_EACH,
                6,
                600,
                F::MerchantBorne,
                300,
                0,
                60,
                Stand::Listed,
            ),
            Sale(
                "缝补修边一次",
                "裤脚、拉链等缝补一次。",
                ONE_EACH,
                8,
                800,
                F::MerchantBorne,
                150,
                0,
                60,
                Stand::Draft,
            ),
        ],
    },
    Shop {
        name: "云中影院",
        category: C::Culture,
        introduction: "社区小影院，工作日有红色经典专场。",
        address: "大庆路街道局前社区古城南苑小区商业楼 3 层",
        hours: "每天 10:00–24:00",
        offers: &[
            Sale(
                "工作日观影券",
                "周一至周四任意场次一张，节假日除外。",
                BOOKING,
                30,
                3_500,
                F::Mixed,
                100,
                1,
                30,
                Stand::Listed,
            ),
            Sale(
                "红色经典专场",
                "党支部集体观影，十人以上。",
                BOOKING,
                10,
                1_500,
                F::Fiscal,
                500,
                0,
                90,
                Stand::Approved,
            ),
        ],
    },
    Shop {
        name: "平安汽修",
        category: C::Other,
        introduction: "保养、补胎、洗车，先看后修。",
        address: "水泊寺街道兴文社区书香里小区东侧",
        hours: "每天 8:00–20:00",
        offers: &[
            Sale(
                "标准洗车一次",
                "五座轿车外观清洗和内饰吸尘。",
                BOOKING,
                20,
                3_000,
                F::MerchantBorne,
                90,
                0,
                30,
                Stand::Listed,
            ),
            Sale(
                "冬季检测一次",
                "轮胎、电瓶、防冻液检测。",
                BOOKING,
                10,
                5_000,
                F::MerchantBorne,
                100,
                1,
                30,
                Stand::Ended,
            ),
        ],
    },
];

/// The shop whose regulator is a home unit, so that its members may not redeem there, and that unit's number.
const REGULATED: (usize, usize) = (1, 6);

/// A merchant with its store and offers.
pub(super) struct Stall {
    pub(super) merchant: Merchant,
    pub(super) store: Store,
    pub(super) offers: Vec<Offer>,
}

/// The stalls of a district with so many offers; never fewer than the demo's.
pub(super) fn stalls(
    tree: &Tree,
    offers: usize,
    drafter: AdminId,
    approver: AdminId,
    now: Instant,
) -> Result<Vec<Stall>, OfferError> {
    let mut next = (0..).map(ids::offer);
    let mut stalls = Vec::new();
    for (number, shop) in SHOPS.iter().enumerate() {
        let mut stall = stall(number, shop.name.into(), shop, tree);
        stall.merchant.regulator = (number == REGULATED.0).then(|| tree.units.get(REGULATED.1).copied()).flatten();
        for (sale, id) in shop.offers.iter().zip(&mut next) {
            stall.offers.push(offer(id, &stall.merchant, shop.category, sale, (drafter, approver), now)?);
        }
        stalls.push(stall);
    }
    let there: usize = SHOPS.iter().map(|shop| shop.offers.len()).sum();
    let mut missing = offers.saturating_sub(there);
    for number in SHOPS.len().. {
        if missing == 0 {
            break;
        }
        let shop = &SHOPS[number % SHOPS.len()];
        let branch = number / SHOPS.len();
        let mut stall = stall(number, format!("{}（{branch}店）", shop.name), shop, tree);
        for at in 0..missing.min(5) {
            let sale = &shop.offers[at % shop.offers.len()];
            let id = next.next().unwrap_or(ids::OFFER);
            let mut offer = offer(id, &stall.merchant, shop.category, sale, (drafter, approver), now)?;
            vary(&mut offer, at);
            stall.offers.push(offer);
            missing -= 1;
        }
        stalls.push(stall);
    }
    Ok(stalls)
}

fn stall(number: usize, name: String, shop: &Shop, tree: &Tree) -> Stall {
    let at = number as u64;
    let node: NodeId =
        if number < SHOPS.len() { ids::DISTRICT } else { tree.communities[number % tree.communities.len()] };
    let merchant = Merchant {
        id: ids::merchant(at),
        node,
        category: shop.category,
        introduction: shop.introduction.into(),
        state: MerchantState::Active,
        regulator: None,
        name,
    };
    let store = Store {
        id: ids::store(at),
        merchant: merchant.id,
        name: format!("{}总店", merchant.name),
        address: shop.address.into(),
        phone: format!("0352-5{at:06}"),
        opening_hours: shop.hours.into(),
        state: StoreState::Open,
    };
    Stall { merchant, store, offers: Vec::new() }
}

fn offer(
    id: OfferId,
    merchant: &Merchant,
    category: C,
    sale: &Sale,
    by: (AdminId, AdminId),
    now: Instant,
) -> Result<Offer, OfferError> {
    let Sale(title, description, terms, price, face_value_fen, funding, stock, limit, voucher_days, stand) = *sale;
    let promise = Promise {
        title: title.into(),
        category,
        description: description.into(),
        terms: terms.into(),
        price,
        face_value_fen,
        funding,
        stock,
        limit_per_member: (limit > 0).then_some(limit),
        voucher_days,
        ends_at: None,
    };
    let mut offer = Offer::draft(id, merchant.id, promise, by.0);
    if stand == Stand::Draft {
        return Ok(offer);
    }
    offer.submit()?;
    if stand == Stand::Submitted {
        return Ok(offer);
    }
    offer.approve(by.1)?;
    if stand == Stand::Approved {
        return Ok(offer);
    }
    offer.list(now)?;
    match stand {
        Stand::Paused => offer.pause()?,
        Stand::Ended => offer.end()?,
        _ => {}
    }
    Ok(offer)
}

/// Makes the offers of other branches differ in words and numbers.
fn vary(offer: &mut Offer, at: usize) {
    let mut draw = Draw::of("offer", offer.id.uuid().as_u64_pair().1);
    let suffix = ["", "（早市）", "（晚市）", "（周末）", "（双人）"];
    offer.promise.title.push_str(suffix[at % suffix.len()]);
    offer.promise.price = (offer.promise.price + draw.between(-2, 8)).max(1);
    offer.promise.stock = draw.between(50, 2_000);
    offer.stock_left = offer.promise.stock;
}
