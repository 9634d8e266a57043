//! Phone codes, and the access token every such call needs.

use wechat_auth::{
    Error,
    sandbox::{APP_ID, Sandbox, openid_of},
};

use crate::{client, errcode, start};

#[tokio::test]
async fn phone_codes_become_numbers_once() {
    let (_sandbox, client) = start();
    let openid = openid_of("a");
    for (code, number) in [
        ("phone:13000000001:n1", "13000000001"),
        ("phone:13000000002:bare-1", "13000000002"),
        ("phone:+852-61234567:n1", "+85261234567"),
        ("phone:+852-61234567:bare-1", "+85261234567"),
        ("phone:13000000001:busy-once-1", "13000000001"),
        ("phone:13000000001:control-1", "13000000001"),
    ] {
        let found = client.phone_number(code, &openid).await;
        assert_eq!(found.as_deref(), Ok(number), "{code}");
    }
    for (code, openid, expected) in [
        ("phone:13000000001:n1", &*openid, ("code", 40029)),
        ("login:a:n1", &openid, ("code", 40029)),
        ("phone:13000000001:n2", "stranger", ("unexpected", 40003)),
    ] {
        let refused = client.phone_number(code, openid).await.expect_err(code);
        assert_eq!(errcode(refused), expected, "{code}");
    }
    let foreign = client.phone_number("phone:13000000001:foreign-1", &openid).await;
    assert_eq!(foreign, Err(Error::ForeignWatermark));
    let short = client.phone_number("phone:1300000000:n1", &openid).await;
    assert!(matches!(short, Err(Error::Busy(_))), "{short:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn twenty_parallel_calls_fetch_one_token() {
    let (sandbox, client) = start();
    let calls: Vec<_> = (0..20)
        .map(|i| {
            let client = client.clone();
            let code = format!("phone:13000000001:{i}");
            tokio::spawn(async move { client.phone_number(&code, &openid_of("a")).await })
        })
        .collect();
    for call in calls {
        call.await.expect("no panic").expect("a number");
    }
    assert_eq!(sandbox.counts().tokens, 1);
    assert_eq!(sandbox.counts().phone_numbers, 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn those_who_wait_for_a_failing_fetch_share_its_failure() {
    let (sandbox, _) = start();
    let stranger = client(&sandbox.base_url(), APP_ID, "wrong").expect("a client");
    let calls: Vec<_> = (0..20)
        .map(|_| {
            let client = stranger.clone();
            async move { client.phone_number("phone:1:n", &openid_of("a")).await }
        })
        .map(tokio::spawn)
        .collect();
    for call in calls {
        let refused = call.await.expect("no panic").expect_err("wrong secret");
        assert_eq!(errcode(refused), ("config", 40125));
    }
    let asked = sandbox.counts().tokens;
    assert!(asked < 20, "each fetched for itself: {asked}");
}

#[tokio::test]
async fn a_refused_token_is_replaced_and_the_call_repeated_once() {
    let (sandbox, client) = start();
    let openid = openid_of("a");
    let spoil: [fn(&Sandbox); 3] = [Sandbox::expire_tokens, Sandbox::supersede_tokens, Sandbox::forget_tokens];
    client.phone_number("phone:13000000001:n", &openid).await.expect("a number");
    for (i, spoil) in (1..).zip(spoil) {
        spoil(&sandbox);
        let code = format!("phone:13000000001:{i}");
        let found = client.phone_number(&code, &openid).await;
        assert_eq!(found.as_deref(), Ok("13000000001"));
        let counts = sandbox.counts();
        assert_eq!((counts.tokens, counts.phone_numbers), (1 + i, 1 + 2 * i));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn callers_that_met_the_same_bad_token_fetch_one_successor() {
    let (sandbox, client) = start();
    let openid = openid_of("a");
    client.phone_number("phone:13000000001:n", &openid).await.expect("a number");
    sandbox.expire_tokens();
    let calls: Vec<_> = (0..20)
        .map(|i| {
            let (client, openid) = (client.clone(), openid.clone());
            let code = format!("phone:13000000001:{i}");
            tokio::spawn(async move { client.phone_number(&code, &openid).await })
        })
        .collect();
    for call in calls {
        call.await.expect("no panic").expect("a number");
    }
    assert_eq!(sandbox.counts().tokens, 2);
}

#[tokio::test]
async fn a_token_refused_twice_ends_the_call() {
    let (sandbox, client) = start();
    let refused = client.phone_number("phone:13000000001:stale-1", &openid_of("a")).await;
    assert_eq!(errcode(refused.expect_err("stale")), ("config", 40001));
    let counts = sandbox.counts();
    assert_eq!((counts.tokens, counts.phone_numbers), (2, 2));
}
