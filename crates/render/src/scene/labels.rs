//! Places for the names of points.
//!
//! Names are placed one after another, those with the fewest free places first.
//! Each takes the first place that meets no mark, interval, fitted line, label
//! or edge of the plot: beside the mark, then farther away with a thin leader.
//! If there is none, it may cross intervals and the fitted line, and at last its
//! leader may pass behind marks; it never meets a mark, another label or the edge. A name without any such place is left out.
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

/// Places the names; the answer is in the order of the requests.
pub(super) fn place(requests: &[Request], obstacles: &mut Obstacles) -> Vec<Placed> {
    let mut order: Vec<(usize, &Request)> = requests
        .iter()
        .map(|request| {
            let free = near(request)
                .into_iter()
                .filter(|candidate| obstacles.free(candidate, request, Strictness::Nothing))
                .count();
            (free, request)
        })
        .collect();
    order.sort_by_key(|(free, request)| (*free, request.index));
    let mut leaders: Vec<[[f64; 2]; 2]> = Vec::new();
    let mut placed: Vec<Placed> = Vec::new();
    for (_, request) in order {
        if let Some(found) = find(request, obstacles, &leaders) {
            obstacles.placed.push(found.area);
            leaders.extend(found.leader);
            placed.push(found);
        }
    }
    placed.sort_by_key(|found| found.index);
    placed
}

/// Finds a place along the fitted line for its own label, from the emptier right to the left.
pub(super) fn along_line(obstacles: &Obstacles, width: f64) -> Option<([f64; 2], Area)> {
    let last = obstacles.line.len().checked_sub(1)?;
    let shares = [62, 70, 55, 78, 48, 40, 86, 32, 24, 16];
    for crossing in [Strictness::Clean, Strictness::Nothing, Strictness::Crossing] {
        for share in shares {
            let on_line = obstacles.line.get(last * share / 100)?;
            for offset in [3.2, -3.0, 4.6, -4.4, 6.5, -6.5] {
                let at = [on_line[0], on_line[1] + offset];
                let area = Area::of_text(at, Anchor::Middle, width);
                if obstacles.clear(&area, crossing) {
                    return Some((at, area));
                }
            }
        }
    }
    None
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Strictness {
    /// Meets nothing, not even a grid line.
    Clean,
    /// Meets nothing but a grid line.
    Nothing,
    /// May cross intervals and the fitted line.
    Crossing,
    /// Its leader may also pass behind marks.
    Behind,
}

#[derive(Clone, Copy, Debug)]
struct Candidate {
    at: [f64; 2],
    anchor: Anchor,
    with_leader: bool,
}

impl Obstacles {
    fn clear(&self, area: &Area, strictness: Strictness) -> bool {
        let solid = area.inside(&self.plot)
            && !self.marks.iter().any(|mark| mark.meets(area))
            && !self.placed.iter().any(|label| label.meets(area));
        if !solid || matches!(strictness, Strictness::Crossing | Strictness::Behind) {
            return solid;
        }
        let on_line = self
            .line
            .windows(2)
            .any(|pair| matches!(pair, [a, b] if area.crossed_by([*a, *b])));
        let wide = Area {
            left: area.left - APART_MM,
            right: area.right + APART_MM,
            ..*area
        };
        let on_grid = strictness == Strictness::Clean
            && self.grid.iter().any(|y| area.top < *y && *y < area.bottom);
        !on_line && !on_grid && !self.whiskers.iter().any(|whisker| whisker.meets(&wide))
    }

    fn free(&self, candidate: &Candidate, request: &Request, strictness: Strictness) -> bool {
        let area = Area::of_text(candidate.at, candidate.anchor, request.width);
        self.clear(&area, strictness)
    }
}

fn find(request: &Request, obstacles: &Obstacles, leaders: &[[[f64; 2]; 2]]) -> Option<Placed> {
    for strictness in [
        Strictness::Clean,
        Strictness::Nothing,
        Strictness::Crossing,
        Strictness::Behind,
    ] {
        let far = match strictness {
            Strictness::Clean => Vec::new(),
            _ => far(request),
        };
        for candidate in near(request).into_iter().chain(far) {
            if !obstacles.free(&candidate, request, strictness) {
                continue;
            }
            let area = Area::of_text(candidate.at, candidate.anchor, request.width);
            if leaders.iter().any(|leader| area.crossed_by(*leader)) {
                continue;
            }
            let leader = candidate.with_leader.then(|| leader_of(request, &area));
            if leader.is_some_and(|leader| !leader_is_clear(leader, request, obstacles, strictness))
            {
                continue;
            }
            return Some(Placed {
                index: request.index,
                at: candidate.at,
                anchor: candidate.anchor,
                area,
                leader,
            });
        }
    }
    None
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

fn leader_is_clear(
    leader: [[f64; 2]; 2],
    request: &Request,
    obstacles: &Obstacles,
    strictness: Strictness,
) -> bool {
    let own = |mark: &Area| {
        let middle = [
            (mark.left + mark.right) / 2.0,
            (mark.top + mark.bottom) / 2.0,
        ];
        distance(middle[0] - request.mark[0], middle[1] - request.mark[1]) < 0.01
    };
    let meets_mark = |mark: &Area| !own(mark) && mark.crossed_by(leader);
    !obstacles
        .placed
        .iter()
        .any(|label| label.crossed_by(leader))
        && (strictness == Strictness::Behind || !obstacles.marks.iter().any(meets_mark))
}

/// Places beside the mark: right, left, above, below, then slightly shifted.
fn near(request: &Request) -> Vec<Candidate> {
    let [x, y] = request.mark;
    let beside = |dx: f64, dy: f64, anchor| Candidate {
        at: [x + dx, y + dy],
        anchor,
        with_leader: false,
    };
    let mut places = vec![
        beside(BESIDE_MM, 0.0, Anchor::Start),
        beside(-BESIDE_MM, 0.0, Anchor::End),
        beside(0.0, -3.3, Anchor::Middle),
        beside(0.0, 3.1, Anchor::Middle),
    ];
    for dy in [-1.0, 1.0, -1.8, 1.8] {
        places.push(beside(BESIDE_MM, dy, Anchor::Start));
        places.push(beside(-BESIDE_MM, dy, Anchor::End));
    }
    for dy in [-2.7, 2.7] {
        places.push(beside(0.9, dy, Anchor::Start));
        places.push(beside(-0.9, dy, Anchor::End));
    }
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
