//! Places for the names of points.
//!
//! Each name takes the place that costs least: beside its mark, or farther away
//! with a thin leader. It never meets a mark, another name, a leader or the
//! edge of the plot; crossing an interval or the fitted line costs more than a
//! leader around it. Once all stand, each is placed again among the others, a
//! few times. A name without any place is left out.
//!
//! The result depends on the input alone.

use super::Anchor;

/// Height of a line of 8 pt above and below the middle of its capitals.
const ABOVE_MM: f64 = 1.25;
const BELOW_MM: f64 = 1.55;
/// Least space between a label and an interval.
const APART_MM: f64 = 0.3;
/// From the middle of a mark to a label beside it.
const BESIDE_MM: f64 = 2.0;
/// Distances at which a label needs a leader.
const RINGS_MM: [f64; 13] = [
    4.5, 6.0, 7.5, 9.0, 11.0, 13.0, 16.0, 20.0, 25.0, 31.0, 38.0, 46.0, 55.0,
];
/// Directions in which farther places are tried.
const DIRECTIONS: [[f64; 2]; 16] = [
    [0.92, -0.38],
    [0.92, 0.38],
    [-0.92, -0.38],
    [-0.92, 0.38],
    [0.71, -0.71],
    [0.71, 0.71],
    [-0.71, -0.71],
    [-0.71, 0.71],
    [0.38, -0.92],
    [0.38, 0.92],
    [-0.38, -0.92],
    [-0.38, 0.92],
    [1.0, 0.0],
    [-1.0, 0.0],
    [0.0, -1.0],
    [0.0, 1.0],
];

/// An upright rectangle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Area {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

impl Area {
    /// Returns the square around a point.
    pub(super) fn around(at: [f64; 2], reach: f64) -> Self {
        Area {
            left: at[0] - reach,
            top: at[1] - reach,
            right: at[0] + reach,
            bottom: at[1] + reach,
        }
    }

    /// Returns the place of a line of text.
    fn of_text(at: [f64; 2], anchor: Anchor, width: f64) -> Self {
        let left = match anchor {
            Anchor::Start => at[0],
            Anchor::Middle => at[0] - width / 2.0,
            Anchor::End => at[0] - width,
        };
        Area {
            left,
            top: at[1] - ABOVE_MM,
            right: left + width,
            bottom: at[1] + BELOW_MM,
        }
    }

    fn middle(&self) -> [f64; 2] {
        [
            (self.left + self.right) / 2.0,
            (self.top + self.bottom) / 2.0,
        ]
    }

    /// Returns whether two areas share more than an edge.
    pub(super) fn meets(&self, other: &Area) -> bool {
        self.left < other.right
            && other.left < self.right
            && self.top < other.bottom
            && other.top < self.bottom
    }

    fn inside(&self, other: &Area) -> bool {
        self.left >= other.left
            && self.right <= other.right
            && self.top >= other.top
            && self.bottom <= other.bottom
    }

    /// Returns whether a straight line passes through (slab method).
    fn crossed_by(&self, [from, to]: [[f64; 2]; 2]) -> bool {
        let mut enter = 0.0_f64;
        let mut leave = 1.0_f64;
        for (axis, low, high) in [(0, self.left, self.right), (1, self.top, self.bottom)] {
            let step = to[axis] - from[axis];
            if step.abs() < 1e-9 {
                if from[axis] <= low || from[axis] >= high {
                    return false;
                }
                continue;
            }
            let (a, b) = ((low - from[axis]) / step, (high - from[axis]) / step);
            enter = enter.max(a.min(b));
            leave = leave.min(a.max(b));
        }
        enter < leave
    }

    fn nearest(&self, point: [f64; 2]) -> [f64; 2] {
        [
            point[0].clamp(self.left, self.right.max(self.left)),
            point[1].clamp(self.top, self.bottom.max(self.top)),
        ]
    }
}

/// What a label must not meet.
#[derive(Clone, Debug)]
pub(super) struct Obstacles {
    pub(super) plot: Area,
    pub(super) marks: Vec<Area>,
    pub(super) whiskers: Vec<Area>,
    pub(super) line: Vec<[f64; 2]>,
    pub(super) grid: Vec<f64>,
    pub(super) placed: Vec<Area>,
}

/// A name to place.
#[derive(Clone, Copy, Debug)]
pub(super) struct Request {
    /// Which point it names.
    pub(super) index: usize,
    /// The point.
    pub(super) mark: [f64; 2],
    /// Width of the name.
    pub(super) width: f64,
}

/// A placed name.
#[derive(Clone, Copy, Debug)]
pub(super) struct Placed {
    pub(super) index: usize,
    pub(super) at: [f64; 2],
    pub(super) anchor: Anchor,
    pub(super) area: Area,
    pub(super) leader: Option<[[f64; 2]; 2]>,
}

/// Times that every name is placed again with all others in their places.
const ROUNDS: usize = 4;

/// Places the names; the answer is in the order of the requests.
///
/// A name goes where its cost is least: see [`Obstacles::cost`]. Names with the
/// fewest clean places beside their mark go first; then each is taken up and
/// placed again in turn, until none moves.
pub(super) fn place(requests: &[Request], obstacles: &mut Obstacles) -> Vec<Placed> {
    let mut order: Vec<(usize, &Request)> = requests
        .iter()
        .map(|request| {
            let clean = near(request)
                .into_iter()
                .filter(|candidate| {
                    let found = obstacles.cost(candidate, request, &[]);
                    found.is_some_and(|(cost, _)| cost < FOREIGN_WHISKER)
                })
                .count();
            (clean, request)
        })
        .collect();
    order.sort_by_key(|(clean, request)| (*clean, request.index));
    let mut placed: Vec<Placed> = Vec::new();
    for (_, request) in &order {
        placed.extend(find(request, obstacles, &placed));
    }
    for _ in 0..ROUNDS {
        let mut moved = false;
        for (_, request) in &order {
            let Some(place) = placed.iter().position(|p| p.index == request.index) else {
                placed.extend(find(request, obstacles, &placed));
                continue;
            };
            let before = placed.swap_remove(place);
            let after = find(request, obstacles, &placed).unwrap_or(before);
            moved |= after.at != before.at;
            placed.push(after);
        }
        if !moved {
            break;
        }
    }
    placed.sort_by_key(|found| found.index);
    obstacles
        .placed
        .extend(placed.iter().map(|found| found.area));
    placed
}

/// Finds a place along the fitted line for its own label, from the emptier right to the left.
pub(super) fn along_line(obstacles: &Obstacles, width: f64) -> Option<([f64; 2], Area)> {
    let last = obstacles.line.len().checked_sub(1)?;
    let shares = [62, 70, 55, 78, 48, 40, 86, 32, 24, 16];
    let mut best: Option<(f64, [f64; 2], Area)> = None;
    for share in shares {
        let on_line = obstacles.line.get(last * share / 100)?;
        for offset in [3.2, -3.0, 4.6, -4.4, 6.5, -6.5] {
            let at = [on_line[0], on_line[1] + offset];
            let area = Area::of_text(at, Anchor::Middle, width);
            let cost = obstacles.crossings(&area);
            let better = best.is_none_or(|(least, ..)| cost < least);
            if better && obstacles.open(&area, &[]) {
                best = Some((cost, at, area));
            }
        }
    }
    best.map(|(_, at, area)| (at, area))
}

/// Cost of a label that a whisker of another mark, or the fitted line, crosses.
const FOREIGN_WHISKER: f64 = 40.0;
/// Cost of a label on the fitted line.
const ON_LINE: f64 = 40.0;
/// Cost of a leader that passes behind another mark.
const BEHIND_MARK: f64 = 60.0;
/// Cost of a leader that crosses another leader.
const ACROSS_LEADER: f64 = 40.0;
/// Cost of a leader that crosses an interval or the fitted line.
const LEADER_ON_WHISKER: f64 = 3.0;
/// Cost of any leader, and of each millimetre of it.
const LEADER: f64 = 6.0;
const LEADER_PER_MM: f64 = 0.9;
/// Cost of a label that stands beside another mark as if it were its name.
const BESIDE_ANOTHER: f64 = 20.0;
/// How near such a label is, from mark to label and from middle to middle.
const NEAR_MM: [f64; 2] = [3.0, 1.6];
/// Cost of a label on a grid line.
const ON_GRID: f64 = 1.5;

#[derive(Clone, Copy, Debug)]
struct Candidate {
    at: [f64; 2],
    anchor: Anchor,
    with_leader: bool,
    /// What the place costs before anything is met.
    cost: f64,
}

impl Obstacles {
    /// Whether a label here stays inside the plot and meets no mark and no label.
    fn open(&self, area: &Area, placed: &[Placed]) -> bool {
        area.inside(&self.plot)
            && !self.marks.iter().any(|mark| mark.meets(area))
            && !self.placed.iter().any(|label| label.meets(area))
            && !placed.iter().any(|label| label.area.meets(area))
    }

    /// What a label here would cross: intervals, the fitted line, grid lines.
    fn crossings(&self, area: &Area) -> f64 {
        let wide = Area {
            left: area.left - APART_MM,
            right: area.right + APART_MM,
            ..*area
        };
        let whiskers = self.whiskers.iter().filter(|w| w.meets(&wide)).count();
        let on_line = self
            .line
            .windows(2)
            .any(|pair| matches!(pair, [a, b] if area.crossed_by([*a, *b])));
        let on_grid = self.grid.iter().any(|y| area.top < *y && *y < area.bottom);
        let whiskers = u32::try_from(whiskers).unwrap_or(u32::MAX);
        f64::from(whiskers) * FOREIGN_WHISKER
            + f64::from(u8::from(on_line)) * ON_LINE
            + f64::from(u8::from(on_grid)) * ON_GRID
    }

    /// The cost of a place, with the leader that it needs; `None` where the
    /// label would meet a mark, another label, a leader or the edge.
    fn cost(
        &self,
        candidate: &Candidate,
        request: &Request,
        placed: &[Placed],
    ) -> Option<(f64, Option<[[f64; 2]; 2]>)> {
        let area = Area::of_text(candidate.at, candidate.anchor, request.width);
        let leaders = || placed.iter().filter_map(|label| label.leader);
        if !self.open(&area, placed) || leaders().any(|leader| area.crossed_by(leader)) {
            return None;
        }
        let own = |mark: &Area| {
            let [x, y] = mark.middle();
            distance(x - request.mark[0], y - request.mark[1]) < 0.01
        };
        let count = |n: usize| f64::from(u32::try_from(n).unwrap_or(u32::MAX));
        let beside = |mark: &&Area| !own(mark) && is_beside(&area, mark);
        let mut cost = candidate.cost + self.crossings(&area);
        cost += BESIDE_ANOTHER * count(self.marks.iter().filter(beside).count());
        if !candidate.with_leader {
            return Some((cost, None));
        }
        let leader = leader_of(request, &area);
        let meets_label = |label: &Area| label.crossed_by(leader);
        if self.placed.iter().any(meets_label) || placed.iter().any(|l| meets_label(&l.area)) {
            return None;
        }
        let marks = self
            .marks
            .iter()
            .filter(|mark| !own(mark) && mark.crossed_by(leader));
        cost += BEHIND_MARK * count(marks.count());
        let whiskers = self.whiskers.iter().filter(|w| w.crossed_by(leader));
        cost += LEADER_ON_WHISKER * count(whiskers.count());
        cost += ACROSS_LEADER * count(leaders().filter(|other| cross(*other, leader)).count());
        let [from, to] = leader;
        cost += LEADER_PER_MM * distance(to[0] - from[0], to[1] - from[1]);
        Some((cost, Some(leader)))
    }
}

/// Whether a label would be read as the name of this mark.
fn is_beside(label: &Area, mark: &Area) -> bool {
    let gap = (label.left - mark.right).max(mark.left - label.right);
    let height = (label.middle()[1] - mark.middle()[1]).abs();
    gap < NEAR_MM[0] && height < NEAR_MM[1]
}

/// Whether two segments cross.
fn cross([a, b]: [[f64; 2]; 2], [c, d]: [[f64; 2]; 2]) -> bool {
    let side = |p: [f64; 2], q: [f64; 2], r: [f64; 2]| {
        (q[0] - p[0]) * (r[1] - p[1]) - (q[1] - p[1]) * (r[0] - p[0])
    };
    side(a, b, c) * side(a, b, d) < 0.0 && side(c, d, a) * side(c, d, b) < 0.0
}

/// The cheapest place for a name, the first of equal ones.
fn find(request: &Request, obstacles: &Obstacles, placed: &[Placed]) -> Option<Placed> {
    let mut best: Option<(f64, Placed)> = None;
    for candidate in near(request).into_iter().chain(far(request)) {
        let bound = best.as_ref().map_or(f64::INFINITY, |(cost, _)| *cost);
        if candidate.cost >= bound {
            continue;
        }
        let Some((cost, leader)) = obstacles.cost(&candidate, request, placed) else {
            continue;
        };
        if cost < bound {
            let area = Area::of_text(candidate.at, candidate.anchor, request.width);
            let place = Placed {
                index: request.index,
                at: candidate.at,
                anchor: candidate.anchor,
                area,
                leader,
            };
            best = Some((cost, place));
        }
    }
    best.map(|(_, place)| place)
}

/// A thin line from the edge of the mark to the label.
fn leader_of(request: &Request, area: &Area) -> [[f64; 2]; 2] {
    let to = area.nearest(request.mark);
    let (dx, dy) = (to[0] - request.mark[0], to[1] - request.mark[1]);
    let length = distance(dx, dy).max(1e-9);
    let edge = 1.6 / length;
    [
        [request.mark[0] + dx * edge, request.mark[1] + dy * edge],
        to,
    ]
}

/// Square root is exact on every platform; the library's `hypot` need not be.
fn distance(dx: f64, dy: f64) -> f64 {
    (dx * dx + dy * dy).sqrt()
}

/// Places beside the mark: right, left, above, below, then slightly shifted.
fn near(request: &Request) -> Vec<Candidate> {
    let [x, y] = request.mark;
    let beside = |dx: f64, dy: f64, anchor, cost| Candidate {
        at: [x + dx, y + dy],
        anchor,
        with_leader: false,
        cost,
    };
    let mut places = vec![
        beside(BESIDE_MM, 0.0, Anchor::Start, 0.0),
        beside(-BESIDE_MM, 0.0, Anchor::End, 0.5),
    ];
    for dy in [-1.0, 1.0, -1.8, 1.8] {
        places.push(beside(BESIDE_MM, dy, Anchor::Start, 1.0));
        places.push(beside(-BESIDE_MM, dy, Anchor::End, 1.2));
    }
    for dy in [-2.7, 2.7] {
        places.push(beside(0.9, dy, Anchor::Start, 2.0));
        places.push(beside(-0.9, dy, Anchor::End, 2.2));
    }
    // Above and below, the interval of the mark itself passes through the name.
    places.push(beside(0.0, -3.3, Anchor::Middle, 2.5));
    places.push(beside(0.0, 3.1, Anchor::Middle, 2.5));
    places
}

/// Farther places, which need a leader.
fn far(request: &Request) -> Vec<Candidate> {
    let [x, y] = request.mark;
    let mut places = Vec::new();
    for distance in RINGS_MM {
        for [dx, dy] in DIRECTIONS {
            let anchor = match dx {
                dx if dx > 0.2 => Anchor::Start,
                dx if dx < -0.2 => Anchor::End,
                _ => Anchor::Middle,
            };
            places.push(Candidate {
                at: [x + dx * distance, y + dy * distance],
                anchor,
                with_leader: true,
                cost: LEADER,
            });
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plot() -> Area {
        Area {
            left: 9.0,
            top: 0.0,
            right: 169.0,
            bottom: 84.0,
        }
    }

    /// Points crowded into one quarter of the plot, by a fixed sequence.
    fn crowd(points: u32) -> (Vec<Request>, Obstacles) {
        let mut requests = Vec::new();
        let mut state = 7_u32;
        let mut next = |span: f64| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            f64::from(state >> 8) / f64::from(1_u32 << 24) * span
        };
        for index in 0..points {
            let mark = [40.0 + next(80.0), 20.0 + next(45.0)];
            let index = usize::try_from(index).unwrap_or(0);
            requests.push(Request {
                index,
                mark,
                width: 12.0 + next(14.0),
            });
        }
        let obstacles = Obstacles {
            plot: plot(),
            marks: requests.iter().map(|r| Area::around(r.mark, 1.5)).collect(),
            whiskers: requests
                .iter()
                .map(|r| Area {
                    left: r.mark[0] - 0.3,
                    right: r.mark[0] + 0.3,
                    top: r.mark[1] - 9.0,
                    bottom: r.mark[1] + 9.0,
                })
                .collect(),
            line: vec![[9.0, 50.0], [90.0, 46.0], [169.0, 42.0]],
            grid: vec![20.0, 40.0, 60.0],
            placed: Vec::new(),
        };
        (requests, obstacles)
    }

    #[test]
    fn no_label_meets_a_label_or_a_mark_and_none_is_lost() {
        for points in [1, 21, 40] {
            let (requests, mut obstacles) = crowd(points);
            let placed = place(&requests, &mut obstacles);
            assert_eq!(placed.len(), requests.len(), "{points} points");
            for (place, label) in placed.iter().enumerate() {
                assert!(label.area.inside(&plot()));
                assert!(!obstacles.marks.iter().any(|mark| mark.meets(&label.area)));
                for other in placed.iter().skip(place + 1) {
                    assert!(!label.area.meets(&other.area));
                }
            }
        }
    }

    #[test]
    fn a_single_point_has_its_name_on_the_right() {
        let (requests, mut obstacles) = crowd(1);
        obstacles.line.clear();
        obstacles.whiskers.clear();
        obstacles.grid.clear();
        let placed = place(&requests, &mut obstacles);
        assert_eq!(placed[0].anchor, Anchor::Start);
        assert!(placed[0].leader.is_none());
    }

    #[test]
    fn the_same_points_give_the_same_places() {
        let (requests, obstacles) = crowd(40);
        let first = place(&requests, &mut obstacles.clone());
        let second = place(&requests, &mut obstacles.clone());
        assert_eq!(format!("{first:?}"), format!("{second:?}"));
    }
}
