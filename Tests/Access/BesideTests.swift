import CurfewModel
import Testing

@testable import CurfewDaemon

/// The end of the service does not wait for what hangs.
@Suite struct BesideTests {
    private func hang() async { await withUnsafeContinuation { (_: UnsafeContinuation<Void, Never>) in } }

    @Test(.timeLimit(.minutes(1))) func goesOnWithoutWhatHangs() async {
        let start = ContinuousClock.now
        let all = await runBeside(grace: .milliseconds(100), [(nil, { await hang() }), (nil, {})])
        #expect(!all && ContinuousClock.now - start < .seconds(20))
    }

    @Test(.timeLimit(.minutes(1))) func aCancelledTaskEndsAllOfThem() async {
        let running = Task<Bool, Never> {
            await runBeside(
                grace: .seconds(20),
                [(nil, { while !Task.isCancelled { try? await Task.sleep(for: .seconds(60)) } })])
        }
        running.cancel()
        #expect(await running.value)
    }
}
