//! Makes the graph of a store, or one that knows more, while the store is searched and changed.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use ports::vectors::VectorStore;
use tokio::sync::RwLock;

use super::base::{Base, Member, NONE};
use super::embedded::Loaded;
use super::graph::{FORMAT, Graph};
use super::graph_file::{Place, Sheet};
use super::index::Index;

/// Rows beside the graph that are scanned before it is made anew: so many, or this share of it.
const LONGEST_TAIL: usize = 4_096;
const TAIL_SHARE: usize = 32;

/// Whether the graph knows too little, or too much that is gone.
pub fn is_due(index: &Index, approximate_from: usize) -> bool {
    if index.len() < approximate_from || cfg!(not(feature = "approximate")) {
        return false;
    }
    index.base().is_none_or(|base| {
        base.tail.len() > LONGEST_TAIL.max(base.live / TAIL_SHARE).min(approximate_from) || crowded(base)
    })
}

/// So many dead vectors that the graph is worth making from nothing.
fn crowded(base: &Base) -> bool {
    base.dead() > base.live / 3
}

struct Plan {
    dimension: usize,
    scale: f32,
    revision: i64,
    /// By key: what the old graph knows already, then what is to be added.
    members: Vec<Option<Member>>,
    known: usize,
    old: Option<PathBuf>,
}

fn plan(loaded: &Loaded, place: Option<&Place>) -> Plan {
    let index = &loaded.index;
    let (dimension, revision) = (index.dimension(), loaded.revision.now);
    let old = index.base().filter(|base| !crowded(base)).zip(loaded.sheet.as_ref()).zip(place);
    let Some(((base, sheet), place)) = old else {
        let members = index.members().map(Some).collect();
        return Plan { dimension, scale: index.scale(), revision, members, known: 0, old: None };
    };
    let member = |slot: &u32| index.member_of(*slot);
    let known: Vec<Option<Member>> = base.slots().iter().map(member).collect();
    let tail = base.tail.iter().map(member).filter(Option::is_some);
    let (count, scale) = (known.len(), base.scale);
    let members = known.into_iter().chain(tail).collect();
    Plan { dimension, scale, revision, members, known: count, old: Some(place.graph(sheet)) }
}

/// Blocks for as long as it takes: minutes for a hundred thousand vectors on one core.
pub fn build(store: &VectorStore, loaded: &Arc<RwLock<Loaded>>, place: Option<&Place>) -> Result<(), String> {
    let began = Instant::now();
    let plan = plan(&loaded.blocking_read(), place);
    // The other half is for those who search meanwhile.
    let threads = std::thread::available_parallelism().map_or(1, |cores| cores.get().div_ceil(2));
    let more = plan.members.len() - plan.known;
    let graph = match &plan.old {
        Some(path) => Graph::read(path, plan.dimension, store.metric, more, threads)?,
        None => Graph::new(plan.dimension, store.metric, more, threads)?,
    };
    let next = AtomicUsize::new(plan.known);
    let work = || -> Result<(), String> {
        loop {
            let key = next.fetch_add(1, Ordering::Relaxed);
            let Some(member) = plan.members.get(key) else { return Ok(()) };
            let vector = member.and_then(|member| loaded.blocking_read().index.for_graph(member, plan.scale));
            // A row that went meanwhile leaves its key to a vector that nobody is near to.
            let vector = vector.unwrap_or_else(|| vec![0.0; plan.dimension]);
            graph.add(key as u32, &vector)?;
        }
    };
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let ended = threads.into_iter().map(|thread| thread.join().unwrap_or_else(|_| Err("a builder died".into())));
        ended.collect::<Vec<_>>().into_iter().collect::<Result<(), String>>()
    })?;
    let (graph, sheet) = match place {
        None => (graph, None),
        Some(place) => {
            let sheet = place.write(&graph, sheet(store, &plan, &loaded.blocking_read().index))?;
            (Graph::mapped(&place.graph(&sheet), plan.dimension, store.metric)?, Some(sheet))
        }
    };
    let (vectors, bytes) = (graph.len(), graph.bytes());
    let mut loaded = loaded.blocking_write();
    adopt(&mut loaded.index, graph, plan.scale, &plan.members);
    loaded.sheet = sheet;
    let seconds = began.elapsed().as_secs_f32();
    tracing::info!(vector_store = %store.id, vectors, bytes, seconds, "vector store is now searched approximately");
    Ok(())
}

fn sheet(store: &VectorStore, plan: &Plan, index: &Index) -> Sheet {
    let id = |member: &Option<Member>| member.and_then(|member| index.id_of(member)).map(str::to_owned);
    Sheet {
        format: FORMAT.into(),
        store_id: store.id.clone(),
        dimension: plan.dimension,
        metric: store.metric,
        scale: plan.scale,
        revision: plan.revision,
        ids: plan.members.iter().map(id).collect(),
        file: String::new(),
        bytes: 0,
        sha256: String::new(),
    }
}

/// Rows that changed since they were put in stay beside the graph.
#[cfg_attr(
    not(feature = "approximate"),
    allow(unreachable_code, unused_variables, reason = "without native code no graph is ever made")
)]
fn adopt(index: &mut Index, graph: Graph, scale: f32, members: &[Option<Member>]) {
    let current = |member: &Option<Member>| member.filter(|member| index.id_of(*member).is_some());
    let slots = members.iter().map(|member| current(member).map_or(NONE, |member| member.slot)).collect();
    let base = Base::new(graph, scale, slots, index.members().map(|member| member.slot));
    index.set_base(Some(base));
}

/// Takes up the graph of an earlier process, checked byte by byte before anybody is kept waiting. What cannot be used is
/// said, and made anew later.
pub fn take_up(store: &VectorStore, loaded: &RwLock<Loaded>, place: &Place) {
    let dimension = loaded.blocking_read().index.dimension();
    let opened = place.open(store, dimension);
    let mut loaded = loaded.blocking_write();
    match opened {
        Ok(Some((graph, sheet))) if sheet.revision <= loaded.revision.now => {
            let index = &loaded.index;
            let member = |id: &Option<String>| index.member(id.as_deref()?, sheet.revision);
            let members: Vec<Option<Member>> = sheet.ids.iter().map(member).collect();
            tracing::info!(vector_store = %store.id, vectors = graph.len(), "vector index read from its file");
            adopt(&mut loaded.index, graph, sheet.scale, &members);
            loaded.sheet = Some(sheet);
        }
        Ok(None) => {}
        Ok(Some(_)) => tracing::warn!(vector_store = %store.id, "vector index is newer than the database; made anew"),
        Err(error) => tracing::warn!(vector_store = %store.id, %error, "vector index unusable; made anew"),
    }
}
