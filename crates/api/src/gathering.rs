//! Reads that are asked together: who asks while others of the same kind are being answered waits for the next statement,
//! which asks for everybody who came meanwhile. A crowd costs a few statements, and somebody alone waits for nobody.

use std::collections::HashMap;
use std::hash::Hash;
use std::mem;
use std::sync::Arc;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use tokio::sync::{Semaphore, mpsc, oneshot};

use crate::error::{ApiError, ApiResult};

/// How many statements run at once; whoever finds fewer asks for themselves alone.
const AT_ONCE: usize = 2;

/// How many are asked for in one statement.
const TOGETHER: usize = 64;

/// How many may wait; whoever comes then waits to wait.
const WAITING: usize = 4096;

type Question<K, V> = (K, oneshot::Sender<ApiResult<Option<V>>>);
type Found<K, V> = ApiResult<HashMap<K, V>>;
type Find<K, V> = dyn Fn(Vec<K>) -> BoxFuture<'static, Found<K, V>> + Send + Sync;

/// Questions of one kind, each for what belongs to one key.
pub struct Gathering<K, V> {
    find: Arc<Find<K, V>>,
    turns: Arc<Semaphore>,
    waiting: mpsc::Sender<Question<K, V>>,
}

impl<K, V> Gathering<K, V>
where
    K: Copy + Eq + Hash + Send + 'static,
    V: Clone + Send + 'static,
{
    /// Begins to gather; `find` looks up many keys at once.
    pub fn new<F, A>(find: F) -> Self
    where
        F: Fn(Vec<K>) -> A + Send + Sync + 'static,
        A: Future<Output = Found<K, V>> + Send + 'static,
    {
        let (waiting, mut questions) = mpsc::channel(WAITING);
        let gathering =
            Self { find: Arc::new(move |keys| find(keys).boxed()), turns: Arc::new(Semaphore::new(AT_ONCE)), waiting };
        let (find, turns) = (Arc::clone(&gathering.find), Arc::clone(&gathering.turns));
        tokio::spawn(async move {
            let mut together = Vec::new();
            while questions.recv_many(&mut together, TOGETHER).await > 0 {
                let Ok(turn) = Arc::clone(&turns).acquire_owned().await else { return };
                while together.len() < TOGETHER
                    && let Ok(one_more) = questions.try_recv()
                {
                    together.push(one_more);
                }
                let together = mem::take(&mut together);
                let found = find(together.iter().map(|(key, _)| *key).collect());
                tokio::spawn(async move {
                    answer(together, found.await);
                    drop(turn);
                });
            }
        });
        gathering
    }

    /// What belongs to the key now: it is looked up after this call began.
    pub async fn ask(&self, key: K) -> ApiResult<Option<V>> {
        if let Ok(_turn) = self.turns.try_acquire() {
            return Ok((self.find)(vec![key]).await?.remove(&key));
        }
        let (sender, answer) = oneshot::channel();
        self.waiting.send((key, sender)).await.map_err(|_| ApiError::internal("nobody gathers questions"))?;
        answer.await.map_err(ApiError::internal)?
    }
}

fn answer<K: Eq + Hash, V: Clone>(together: Vec<Question<K, V>>, found: Found<K, V>) {
    for (key, waiting) in together {
        // Who has hung up is not told.
        let _ = waiting.send(found.as_ref().map(|found| found.get(&key).cloned()).map_err(ApiError::clone));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;
    use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

    use futures_util::future::join_all;

    use super::*;

    /// Knows the even numbers, and remembers what it was asked for.
    fn halves(asked: &Arc<Mutex<Vec<usize>>>) -> Gathering<u64, u64> {
        let asked = Arc::clone(asked);
        Gathering::new(move |keys: Vec<u64>| {
            asked.lock().unwrap().push(keys.len());
            async move {
                tokio::task::yield_now().await;
                Ok(keys.into_iter().filter(|key| key % 2 == 0).map(|key| (key, key / 2)).collect())
            }
        })
    }

    #[tokio::test]
    async fn a_crowd_is_answered_each_their_own_by_a_few_questions() {
        let asked = Arc::default();
        let gathering = halves(&asked);
        let answers = join_all((0..500).map(|key| gathering.ask(key))).await;
        for (key, answer) in (0..500).zip(answers) {
            assert_eq!(answer.unwrap(), (key % 2 == 0).then_some(key / 2));
        }
        let asked = asked.lock().unwrap();
        assert_eq!(asked.iter().sum::<usize>(), 500);
        assert!(asked.len() < 500 / 8, "{asked:?}");
    }

    #[tokio::test]
    async fn what_was_true_before_one_asked_is_in_the_answer() {
        let version = Arc::new(AtomicU64::new(0));
        let read = Arc::clone(&version);
        let gathering = Gathering::new(move |keys: Vec<u64>| {
            let seen = read.load(Ordering::SeqCst);
            async move {
                tokio::task::yield_now().await;
                Ok(keys.into_iter().map(|key| (key, seen)).collect())
            }
        });
        let ask = |key| {
            let (gathering, version) = (&gathering, &version);
            async move {
                for _ in 0..20 {
                    let before = version.fetch_add(1, Ordering::SeqCst) + 1;
                    assert!(gathering.ask(key).await.unwrap() >= Some(before));
                }
            }
        };
        join_all((0..50).map(ask)).await;
    }

    #[tokio::test]
    async fn a_failure_is_told_to_all_who_waited_and_to_nobody_after() {
        let fails = Arc::new(AtomicBool::new(true));
        let down = Arc::clone(&fails);
        let gathering = Gathering::new(move |keys: Vec<u64>| {
            let fails = down.load(Ordering::SeqCst);
            async move {
                tokio::task::yield_now().await;
                if fails {
                    Err(ApiError::unavailable("down"))
                } else {
                    Ok(keys.into_iter().map(|key| (key, key)).collect())
                }
            }
        });
        let all = join_all((0..50).map(|key| gathering.ask(key))).await;
        assert!(all.iter().all(Result::is_err), "{all:?}");
        fails.store(false, Ordering::SeqCst);
        assert_eq!(gathering.ask(1).await.unwrap(), Some(1));
    }

    #[tokio::test]
    async fn one_that_breaks_down_leaves_room_for_the_next() {
        let gathering = Arc::new(Gathering::new(|keys: Vec<u64>| async move {
            tokio::task::yield_now().await;
            assert!(!keys.contains(&13), "unlucky");
            Ok(keys.into_iter().map(|key| (key, key)).collect())
        }));
        let unlucky = (0..10 * AT_ONCE).map(|_| {
            let gathering = Arc::clone(&gathering);
            tokio::spawn(async move { gathering.ask(13).await })
        });
        let broken = join_all(unlucky).await;
        assert!(broken.iter().all(|asked| asked.as_ref().map_or(true, Result::is_err)), "{broken:?}");
        assert_eq!(gathering.ask(1).await.unwrap(), Some(1));
    }
}
