import Synchronization

/// Lets the reverter ask for a fetch although the follower is made after it.
final class Relay: Sendable {
    private let follower = Mutex<BranchFollower?>(nil)
    func set(_ follower: BranchFollower) { self.follower.withLock { $0 = follower } }
    func fetch() { follower.withLock { $0 }?.hurry() }
}
