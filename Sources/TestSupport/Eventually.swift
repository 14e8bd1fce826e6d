/// Waits until `condition` holds, asking every 10 ms, at most `limit`; the answer says whether it did.
/// Tests wait for a state with a bound, never for a guessed time.
public func eventually(within limit: Duration = .seconds(10), _ condition: () async throws -> Bool) async rethrows -> Bool {
    let end = ContinuousClock.now + limit
    while true {
        if try await condition() { return true }
        if ContinuousClock.now >= end { return false }
        try? await Task.sleep(for: .milliseconds(10))
    }
}
