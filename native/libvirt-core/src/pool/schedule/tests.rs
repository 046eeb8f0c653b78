use super::*;
use proptest::prelude::*;
use std::time::Duration;

fn call(id: CallId, domain: Option<u8>) -> Waiting<()> {
    Waiting { id, subject: domain.map(|d| Uuid([d; 16])), call: "test", since: Instant::now(), job: () }
}

fn soon() -> Instant {
    Instant::now() + Duration::from_secs(60)
}

fn all_next(schedule: &mut Schedule<()>, now: Instant) -> Vec<CallId> {
    std::iter::from_fn(|| schedule.next(now)).map(|c| c.id).collect()
}

#[test]
fn a_second_call_on_one_domain_waits_and_delays_nobody() {
    let (mut schedule, now) = (Schedule::default(), Instant::now());
    for (id, domain) in [(1, Some(7)), (2, Some(7)), (3, Some(7)), (4, Some(8)), (5, None)] {
        schedule.push(call(id, domain), soon());
    }
    assert_eq!(all_next(&mut schedule, now), [1, 4, 5]);
    assert!(schedule.has_parked());
    schedule.ended(Some(Uuid([7; 16])), now);
    assert_eq!(all_next(&mut schedule, now), [2]);
}

#[test]
fn a_second_call_gets_past_one_that_takes_long_and_a_third_does_not() {
    let (mut schedule, begun) = (Schedule::default(), Instant::now());
    for id in 1..=3 {
        schedule.push(call(id, Some(7)), soon());
    }
    assert_eq!(all_next(&mut schedule, begun), [1]);
    assert_eq!(schedule.release_patient(begun), 0);
    let later = begun + PATIENCE;
    assert_eq!(schedule.release_patient(later), 1);
    assert_eq!(all_next(&mut schedule, later), [2]);
    assert_eq!(schedule.release_patient(later + PATIENCE), 0);
    schedule.ended(Some(Uuid([7; 16])), later);
    assert_eq!(all_next(&mut schedule, later), [3], "the first one still takes long");
}

#[test]
fn a_busy_pool_gives_a_domain_one_however_long_it_takes() {
    let (mut schedule, begun) = (Schedule::default(), Instant::now());
    for domain in [1, 2, 3, 4, 1, 2, 3, 4] {
        schedule.push(call(u64::from(domain) + 10 * schedule.open_calls() as u64, Some(domain)), soon());
    }
    assert_eq!(all_next(&mut schedule, begun).len(), 4);
    assert_eq!(schedule.release_patient(begun + PATIENCE), 0);
    assert!(schedule.next(begun + PATIENCE).is_none());
}

#[test]
fn ten_hung_domains_leave_workers_of_fourteen_free() {
    let mut schedule = Schedule::default();
    for id in 0..1000 {
        schedule.push(call(id, Some(u8::try_from(id % 10).unwrap_or(0))), soon());
    }
    let now = Instant::now();
    assert_eq!(all_next(&mut schedule, now).len(), 10);
    schedule.release_patient(now + PATIENCE);
    assert!(all_next(&mut schedule, now + PATIENCE).is_empty());
    schedule.push(call(5000, Some(99)), soon());
    assert_eq!(all_next(&mut schedule, now), [5000]);
}

#[test]
fn however_many_domains_hang_the_last_workers_are_for_the_host() {
    let (mut schedule, now) = (Schedule::default(), Instant::now());
    for id in 0..40 {
        schedule.push(call(id, Some(u8::try_from(id).unwrap_or(0))), soon());
    }
    schedule.push(call(100, None), soon());
    let begun = all_next(&mut schedule, now);
    assert_eq!(begun.len(), ON_DOMAINS + 1);
    assert_eq!(begun.last(), Some(&100));
    for _ in 0..3 {
        assert_eq!(schedule.release_patient(now + PATIENCE), 0);
    }
    schedule.ended(Some(Uuid([0; 16])), now);
    assert_eq!(all_next(&mut schedule, now), [12], "the first that waits");
}

#[test]
fn what_destroys_a_domain_gets_past_all_that_takes_long_on_it() {
    let (mut schedule, now) = (Schedule::default(), Instant::now());
    for id in 0..40 {
        schedule.push(call(id, Some(u8::try_from(id % 20).unwrap_or(0))), soon());
    }
    assert_eq!(all_next(&mut schedule, now).len(), ON_DOMAINS);
    schedule.push(Waiting { call: DESTROY, ..call(100, Some(0)) }, soon());
    assert_eq!(schedule.release_patient(now), 0);
    assert!(schedule.next(now).is_none(), "what has just begun may end soon");
    assert_eq!(schedule.release_patient(now + PATIENCE), 1);
    let freed = schedule.next(now + PATIENCE).map(|call| (call.id, call.subject));
    assert_eq!(freed, Some((100, None)));
    assert!(schedule.next(now + PATIENCE).is_none());
}

#[test]
fn a_job_can_be_watched_and_ended_whatever_waits_for_it_and_however_busy_the_pool_is() {
    let (mut schedule, now) = (Schedule::default(), Instant::now());
    for id in 0..12 {
        schedule.push(call(id, Some(u8::try_from(id % 6).unwrap_or(0))), soon());
    }
    assert_eq!(all_next(&mut schedule, now).len(), 6);
    schedule.push(Waiting { call: "abortJob", ..call(100, Some(0)) }, soon());
    schedule.push(Waiting { call: "jobStats", ..call(101, Some(0)) }, soon());
    assert_eq!(schedule.release_patient(now), 0);
    let later = now + PATIENCE;
    assert_eq!(schedule.release_patient(later), 1);
    assert_eq!(all_next(&mut schedule, later), [100]);
    assert_eq!(schedule.release_patient(later), 1);
    assert_eq!(all_next(&mut schedule, later), [101]);
}

#[test]
fn an_expired_call_never_runs() {
    let mut schedule = Schedule::default();
    schedule.push(call(1, None), Instant::now());
    assert_eq!(schedule.expire(Instant::now()).iter().map(|(id, _)| *id).collect::<Vec<_>>(), [1]);
    assert!(schedule.next(Instant::now()).is_none());
    assert!(schedule.settle(1).is_none());
}

#[test]
fn busy_domains_keep_nobody_waiting_who_came_before() {
    let (mut schedule, now) = (Schedule::default(), Instant::now());
    for (id, domain) in [(1, Some(7)), (2, Some(7)), (3, None), (4, Some(7))] {
        schedule.push(Waiting { since: now + Duration::from_millis(id), ..call(id, domain) }, soon());
    }
    let order: Vec<CallId> = std::iter::from_fn(|| {
        let next = schedule.next(now)?;
        schedule.ended(next.subject, now);
        Some(next.id)
    })
    .collect();
    assert_eq!(order, [1, 2, 3, 4]);
}

#[test]
fn what_is_given_up_is_freed_before_it_is_the_greater_part() {
    let mut schedule = Schedule::default();
    for id in 0..1000 {
        schedule.push(call(id, Some(u8::try_from(id % 3).unwrap_or(0))), soon());
    }
    for id in 0..900 {
        schedule.settle(id);
        schedule.forget_settled();
        let kept = schedule.queue.len() + schedule.parked.values().map(VecDeque::len).sum::<usize>();
        assert!(kept <= 2 * schedule.open_calls() + 1, "{kept} kept for {}", schedule.open_calls());
    }
}

#[test]
fn calls_in_flight_when_the_daemon_goes_accuse_nobody() {
    let (mut schedule, now) = (Schedule::default(), Instant::now());
    for id in [1, 2] {
        schedule.push(call(id, Some(7)), now);
    }
    assert_eq!(all_next(&mut schedule, now), [1]);
    assert_eq!(schedule.drop_waiting(), [2]);
    let expired = schedule.expire(now);
    assert!(expired.iter().all(|(_, overdue)| overdue.is_some_and(|overdue| !overdue.begun)));
}

proptest! {
    #[test]
    fn every_call_runs_once_and_in_order_per_domain(domains in prop::collection::vec(prop::option::of(0u8..4), 1..80)) {
        let mut schedule = Schedule::default();
        for (id, domain) in domains.iter().enumerate() {
            schedule.push(call(id as CallId, *domain), soon());
        }
        let mut flying: VecDeque<(Waiting<()>, Instant)> = VecDeque::new();
        let mut now = Instant::now();
        let mut begun: Vec<(Option<Uuid>, CallId)> = Vec::new();
        loop {
            while flying.len() < 5 {
                now += PATIENCE / 3;
                schedule.release_patient(now);
                let Some(next) = schedule.next(now) else { break };
                begun.push((next.subject, next.id));
                flying.push_back((next, now));
                for domain in 0..4u8 {
                    let count = flying.iter().filter(|(c, _)| c.subject == Some(Uuid([domain; 16]))).count();
                    prop_assert!(count <= PER_DOMAIN);
                }
            }
            let Some((done, at)) = flying.pop_front() else { break };
            prop_assert!(schedule.settle(done.id).is_some());
            schedule.ended(done.subject, at);
        }
        prop_assert_eq!(begun.len(), domains.len());
        for domain in 0..4u8 {
            let ids: Vec<_> = begun.iter().filter(|(s, _)| *s == Some(Uuid([domain; 16]))).map(|(_, id)| *id).collect();
            prop_assert!(ids.is_sorted());
        }
        prop_assert_eq!(schedule.open_calls(), 0);
    }
}
