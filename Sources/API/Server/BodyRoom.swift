import Synchronization

/// How many large bodies are taken at once: 16 of at most 1 MiB, so that strangers cannot fill the memory.
final class BodyRoom: Sendable {
    /// Bodies up to that many bytes need no room.
    static let small = 64 * 1024
    private static let places = 16
    private let taken = Mutex(0)

    func enter() -> Bool {
        taken.withLock { taken in
            guard taken < Self.places else { return false }
            taken += 1
            return true
        }
    }

    func leave() { taken.withLock { $0 -= 1 } }
}
