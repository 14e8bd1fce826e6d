import CurfewModel
import Synchronization

/// The time that access is judged by. It never goes back and never stands still: when the wall clock is set back, it goes on
/// by the machine's own ticking, so that nothing is lengthened; when the wall clock jumps ahead, it follows, and says so.
final class AccessClock: Sendable {
    private struct State {
        var last: Instant
        var tick: ContinuousClock.Instant
        var jump: Span?
    }
    private let wall: WallClock
    private let state: Mutex<State>
    /// A step ahead of the ticking by more than this is a jump.
    static let tolerance = Span.seconds(30)

    /// - Parameter floor: the latest moment that was known before this process began.
    init(_ wall: WallClock, floor: Instant?) {
        self.wall = wall
        state = Mutex(State(last: max(wall.now, floor ?? wall.now), tick: .now))
    }

    var now: Instant {
        state.withLock { state in
            let tick = ContinuousClock.now
            let passed = tick - state.tick
            let ticked =
                state.last
                + Span(milliseconds: passed.components.seconds * 1000 + passed.components.attoseconds / 1_000_000_000_000_000)
            let shown = wall.now
            if shown - ticked > Self.tolerance { state.jump = shown - ticked }
            state.last = max(shown, ticked)
            // The rest of a millisecond is not lost: the tick only moves on with the time.
            if state.last > ticked || passed >= .milliseconds(1) { state.tick = tick }
            return state.last
        }
    }

    /// The last jump ahead that nobody has been told of yet.
    func takeJump() -> Span? {
        state.withLock { state in
            defer { state.jump = nil }
            return state.jump
        }
    }

    /// How far the wall clock is behind, when it was set back; zero otherwise.
    var behind: Span { max(.zero, now - wall.now) }
}
