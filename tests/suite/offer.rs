//! Offers: how they come into the mall, and how members find them.

use api::openapi;
use domain::session::Audience;
use serde_json::{Value, json};
use tests::client::key;
use tests::mall::{id, redeem};
use tests::{Client, TestApp};

async fn titles(client: &Client, query: &str) -> Vec<String> {
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client.get(&format!("/member/offers?limit=2{query}{cursor}")).await.expect(200);
        let items = page["items"].as_array().expect("items").iter();
        seen.extend(items.map(|offer| offer["title"].as_str().expect("a title").to_owned()));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => return seen,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_persons_bring_an_offer_into_the_mall() {
    let app = TestApp::start().await;
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let (drafter, approver) = (app.admin("merchant").await, app.admin("district").await);
    let zhang = app.member("zhang").await;
    let promise = app.promise("刀削面一碗", 80, 7);
    let body = json!({ "merchant_id": shop.merchant, "offer": promise });
    let offer = id(&drafter.post("/admin/offers", &body).await.expect(201));
    let path = |step: &str| format!("/admin/offers/{offer}/{step}");

    drafter.post(&path("listing"), &json!({})).await.refused(409, "state_conflict");
    drafter.post(&path("approval"), &json!({})).await.refused(403, "forbidden");
    approver.post(&path("approval"), &json!({})).await.refused(409, "state_conflict");
    assert_eq!(drafter.post(&path("submission"), &json!({})).await.expect(200)["state"], "submitted");
    drafter.put(&format!("/admin/offers/{offer}"), &promise).await.refused(409, "state_conflict");
    approver.post(&path("refusal"), &json!({ "reason": "  " })).await.refused(422, "invalid_input");
    let refused = approver.post(&path("refusal"), &json!({ "reason": "请写明门店" })).await.expect(200);
    assert_eq!((&refused["state"], &refused["review_comment"]), (&json!("draft"), &json!("请写明门店")));

    let mut better = promise.clone();
    better["terms"] = json!("仅限总店堂食");
    let rewritten = drafter.put(&format!("/admin/offers/{offer}"), &better).await.expect(200);
    assert_eq!(rewritten["terms"], "仅限总店堂食");
    assert_eq!((&rewritten["drafter"], &rewritten["approver"]), (&json!("merchant 管理员"), &Value::Null));
    drafter.post(&path("submission"), &json!({})).await.expect(200);
    zhang.get(&format!("/member/offers/{offer}")).await.refused(404, "not_found");
    let waiting = approver.get("/admin/offers?state=submitted").await.expect(200);
    assert_eq!(waiting["items"][0]["id"], json!(offer));
    assert_eq!(approver.post(&path("approval"), &json!({})).await.expect(200)["state"], "approved");
    let kept = approver.get(&format!("/admin/offers/{offer}")).await.expect(200);
    assert_eq!((&kept["drafter"], &kept["approver"]), (&json!("merchant 管理员"), &json!("district 管理员")));
    assert_eq!(drafter.post(&path("listing"), &json!({})).await.expect(200)["state"], "listed");
    assert_eq!(titles(&zhang, "").await, ["刀削面一碗"]);

    let shown = zhang.get(&format!("/member/offers/{offer}")).await.expect(200);
    assert_eq!((&shown["terms"], &shown["stock_left"]), (&json!("仅限总店堂食"), &json!(7)));
    assert_eq!(shown["drafted_by"], Value::Null, "who drafted it is for admins");
    drafter.post(&path("pause"), &json!({})).await.expect(200);
    assert_eq!(titles(&zhang, "").await, Vec::<String>::new());
    assert_eq!(zhang.get(&format!("/member/offers/{offer}")).await.expect(200)["state"], "paused");
    drafter.post(&path("listing"), &json!({})).await.expect(200);
    drafter.post(&path("end"), &json!({})).await.expect(200);
    drafter.post(&path("listing"), &json!({})).await.refused(409, "state_conflict");
    zhang.get(&format!("/member/offers/{offer}")).await.refused(404, "not_found");
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_approves_what_they_wrote() {
    let app = TestApp::start().await;
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let district = app.admin("district").await;
    let body = json!({ "merchant_id": shop.merchant, "offer": app.promise("面", 80, 7) });
    let offer = id(&district.post("/admin/offers", &body).await.expect(201));
    district.post(&format!("/admin/offers/{offer}/submission"), &json!({})).await.expect(200);
    district.post(&format!("/admin/offers/{offer}/approval"), &json!({})).await.refused(409, "same_person");
    let noted = "SELECT count(*) FROM audit WHERE action = 'approve_offer' AND reason = 'same_person'";
    assert_eq!(app.number(noted).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_that_does_not_say_how_long_its_vouchers_are_good_follows_the_rules() {
    let app = TestApp::start().await;
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let drafter = app.admin("merchant").await;
    let mut promise = app.promise("面", 80, 7);
    promise.as_object_mut().expect("an offer").remove("voucher_days");
    let body = json!({ "merchant_id": shop.merchant, "offer": promise });
    let draft = drafter.post("/admin/offers", &body).await.expect(201);
    assert_eq!(draft["voucher_days"], 30);
    app.change_rules(|rules| rules.voucher.valid_days = 45).await;
    let rewritten = drafter.put(&format!("/admin/offers/{}", id(&draft)), &promise).await.expect(200);
    assert_eq!(rewritten["voucher_days"], 45);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_draft_that_makes_no_sense_is_told_every_fault() {
    let app = TestApp::start().await;
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let admin = app.admin("merchant").await;
    let mut promise = app.promise("面", 0, -1);
    promise["voucher_days"] = json!(366);
    promise["limit_per_member"] = json!(0);
    promise["face_value_fen"] = json!(-1);
    promise["ends_at"] = json!("2020-01-01T00:00:00+08:00");
    let body = json!({ "merchant_id": shop.merchant, "offer": promise });
    let problem = admin.post("/admin/offers", &body).await.refused(422, "invalid_input");
    let fields: Vec<_> = problem["errors"].as_array().expect("errors").iter().map(|e| e["field"].clone()).collect();
    let all = ["price", "face_value_fen", "stock", "limit_per_member", "voucher_days", "ends_at"];
    assert_eq!(fields, all.map(|field| json!(format!("offer.{field}"))));
    let told = "积分价格应在 1 到 1000000 之间；面值应在 0 到 10000000 分之间；库存应在 0 到 1000000 之间；\
        每人限兑应在 1 到 100 之间；兑换券有效天数应在 1 到 365 之间；结束时间应晚于现在";
    assert_eq!(problem["detail"], told);

    let foreign = json!({
        "merchant_id": "018f0000-0000-7000-8000-000000000000", "offer": app.promise("面", 1, 1),
    });
    admin.post("/admin/offers", &foreign).await.refused(404, "not_found");
    for (field, value) in
        [("price", json!("80")), ("price", json!(1e300)), ("state", json!("listed")), ("title", json!("a\u{202e}b"))]
    {
        let mut promise = app.promise("面", 1, 1);
        promise[field] = value;
        let body = json!({ "merchant_id": shop.merchant, "offer": promise });
        admin.post("/admin/offers", &body).await.refused(422, "invalid_input");
    }
    assert_eq!(app.number("SELECT count(*) FROM offer").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn members_search_sort_and_page() {
    let app = TestApp::start().await;
    let (noodles, books) = (app.shop("wenyuan", "德胜面馆").await, app.shop("jueqian", "新华书店").await);
    for (shop, title, price) in [(&noodles, "面", 80), (&books, "书", 20), (&noodles, "汤", 20)] {
        app.listed(shop, &app.promise(title, price, 7)).await;
    }
    let zhang = app.shopper("zhang", 50).await;
    assert_eq!(titles(&zhang, "").await, ["汤", "书", "面"]);
    assert_eq!(titles(&zhang, "&sort=dearest").await, ["面", "汤", "书"]);
    assert_eq!(titles(&zhang, "&sort=cheapest").await, ["汤", "书", "面"]);
    assert_eq!(titles(&zhang, "&text=书店").await, ["书"]);
    assert_eq!(titles(&zhang, &format!("&merchant_id={}", noodles.merchant)).await, ["汤", "面"]);
    assert_eq!(titles(&zhang, "&price_from=21&price_to=80").await, ["面"]);
    assert_eq!(titles(&zhang, "&affordable=true").await, ["汤", "书"]);
    let li = app.member("li").await;
    assert_eq!(titles(&li, "&affordable=true").await, Vec::<String>::new(), "another member's purse");
    for query in ["limit=0", "limit=101", "cursor=MDE", "colour=red", "text=%00", "merchant_id=x"] {
        zhang.get(&format!("/member/offers?{query}")).await.refused(422, "invalid_input");
    }
    zhang.get("/member/offers?sort=best").await.refused(422, "unknown_value");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_nobody_can_look_for_is_named() {
    let app = TestApp::start().await;
    let zhang = app.member("zhang").await;
    for (query, field) in [("limit=0", "limit"), ("limit=101", "limit"), ("cursor=zzz", "cursor")] {
        for path in ["/member/offers", "/member/merchants", "/member/activities"] {
            let refused = zhang.get(&format!("{path}?{query}")).await.refused(422, "invalid_input");
            assert_eq!(refused["errors"][0]["field"], field, "{path}?{query}: {refused}");
        }
    }
    let (system, district) = (app.admin("system").await, app.admin("district").await);
    let staff = format!("/admin/merchants/{}/staff", app.shop("wenyuan", "德胜面馆").await.merchant);
    for (client, path, query, field) in [
        (&zhang, "/member/points/entries", "kind=theft", "kind"),
        (&zhang, "/member/points/entries", "from=yesterday", "from"),
        (&zhang, "/member/points/entries", "to=3000-01-01", "to"),
        (&zhang, "/member/activities", "from=0001-01-01", "from"),
        (&zhang, "/member/activities", "kind=idleness", "kind"),
        (&zhang, "/member/enrolments", "state=gone", "state"),
        (&zhang, "/member/led-activities", "state=gone", "state"),
        (&zhang, "/member/redemptions", "state=gone", "state"),
        (&zhang, "/member/redemptions", "colour=red", "colour"),
        (&system, "/admin/admins", "active=perhaps", "active"),
        (&district, "/admin/roster-imports", "state=gone", "state"),
        (&district, "/admin/unit-pairings", "unit_id=1", "unit_id"),
        (&district, "/admin/unit-pairings", "community_id=1", "community_id"),
        (&district, &staff, "active=1", "active"),
    ] {
        let of_a_closed_set = ["kind", "state"].contains(&field);
        let code = if of_a_closed_set { "unknown_value" } else { "invalid_input" };
        let refused = client.get(&format!("{path}?{query}")).await.refused(422, code);
        assert_eq!(refused["errors"][0]["field"], field, "{path}?{query}: {refused}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_has_the_page_already_is_told_so() {
    let app = TestApp::start().await;
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let offer = app.listed(&shop, &app.promise("面", 80, 7)).await;
    let zhang = app.shopper("zhang", 80).await;
    let (detail, merchant) = (format!("/member/offers/{offer}"), format!("/member/merchants/{}", shop.merchant));
    let activity = format!("/member/activities/{}", app.activity(1, 3, 10).await);
    let contract = serde_json::to_value(openapi::document(Audience::Member)).expect("a document");
    for (path, template) in [
        ("/member/offers", "offers"),
        (&detail, "offers/{id}"),
        ("/member/merchants", "merchants"),
        (&merchant, "merchants/{id}"),
        ("/member/activities", "activities"),
        (&activity, "activities/{id}"),
    ] {
        let promised = &contract["paths"][format!("/api/v1/member/{template}")]["get"]["responses"]["304"];
        assert!(promised.is_object(), "{template} promises no 304");
        let first = zhang.get(path).await;
        let tag = first.headers["etag"].clone();
        first.expect(200);
        let again = zhang.request(reqwest::Method::GET, path).header("If-None-Match", &tag);
        let again = zhang.send(again, path).await;
        assert_eq!((again.status, again.text.as_str(), &again.headers["etag"]), (304, "", &tag));
    }
    let path = detail;
    let before = zhang.get(&path).await.headers["etag"].clone();
    redeem(&zhang, &offer).await.expect(201);
    let after = zhang.send(zhang.request(reqwest::Method::GET, &path).header("If-None-Match", &before), &path).await;
    assert_eq!((after.status, &after.body["stock_left"]), (200, &json!(6)), "the stock is as it is");
}

#[tokio::test(flavor = "multi_thread")]
async fn stock_changes_by_amounts_with_a_reason() {
    let app = TestApp::start().await;
    let shop = app.shop("wenyuan", "德胜面馆").await;
    let offer = app.listed(&shop, &app.promise("面", 80, 7)).await;
    let zhang = app.shopper("zhang", 80).await;
    redeem(&zhang, &offer).await.expect(201);
    let admin = app.admin("merchant").await;
    let path = format!("/admin/offers/{offer}/stock");
    let change = |change: i64| json!({ "change": change, "reason": "商家追加" });
    let first = key();
    let changed = admin.post_keyed(&path, &first, &change(3)).await.expect(201);
    assert_eq!((&changed["stock_left"], &changed["stock_total"]), (&json!(9), &json!(10)));
    let replayed = admin.post_keyed(&path, &first, &change(3)).await;
    assert_eq!((replayed.headers["idempotency-replayed"].as_bytes(), &replayed.body), (&b"true"[..], &changed));
    admin.post_keyed(&path, &first, &change(4)).await.refused(422, "idempotency_key_reused");
    admin.post(&path, &change(1)).await.refused(400, "idempotency_key_missing");
    admin.post_keyed(&path, &key(), &change(-10)).await.refused(409, "stock_too_low");
    for none_or_too_many in [0, 999_991, i64::MAX] {
        let refused = admin.post_keyed(&path, &key(), &change(none_or_too_many)).await.refused(422, "invalid_input");
        assert_eq!(refused["errors"][0]["field"], "change", "{none_or_too_many}");
    }
    admin.post_keyed(&path, &key(), &json!({ "change": 1, "reason": "" })).await.refused(422, "invalid_input");
    let changed = admin.post_keyed(&path, &key(), &change(-9)).await.expect(201);
    assert_eq!((&changed["stock_left"], &changed["stock_total"]), (&json!(0), &json!(1)));
    app.mall_balances().await;
    let why = "SELECT count(*) FROM audit WHERE action = 'change_offer_stock' AND reason LIKE '%商家追加'";
    assert_eq!(app.number(why).await, 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_belongs_to_those_who_look_after_its_merchant() {
    let app = TestApp::start().await;
    let (near, far) = (app.shop("wenyuan", "近店").await, app.shop("jueqian", "远店").await);
    let (own, foreign) =
        (app.listed(&near, &app.promise("近", 1, 1)).await, app.listed(&far, &app.promise("远", 1, 1)).await);
    let subdistrict = app.admin("subdistrict").await;
    let seen = subdistrict.get("/admin/offers").await.expect(200);
    assert_eq!((seen["items"].as_array().map(Vec::len), &seen["items"][0]["title"]), (Some(1), &json!("近")));
    subdistrict.get(&format!("/admin/offers/{own}")).await.expect(200);
    subdistrict.get(&format!("/admin/offers/{foreign}")).await.refused(404, "not_found");
    subdistrict.post(&format!("/admin/offers/{own}/pause"), &json!({})).await.refused(403, "forbidden");
    app.admin("community").await.get("/admin/offers").await.refused(403, "forbidden");
}
