import CurfewDockerAPI
import CurfewModel
import Foundation
import Testing

@testable import CurfewSwarmRuntime

@Suite("What the tasks of a service mean for its instance") struct TaskHistoryTests {
    private func task(
        _ id: String, _ state: String, desired: String = "running", made: Int, ended: Int? = nil, touched: Int? = nil,
        code: Int? = nil, error: String? = nil
    ) throws -> SwarmTask {
        func time(_ second: Int) -> String { "2026-11-23T23:\(second / 60 + 10):\(second % 60 + 10).123456789Z" }
        var status: [String: Any] = ["State": state, "Timestamp": time(ended ?? made)]
        if let code { status["ContainerStatus"] = ["ExitCode": code] }
        status["Err"] = error
        let document: [String: Any] = [
            "ID": id, "CreatedAt": time(made), "UpdatedAt": time(touched ?? ended ?? made), "DesiredState": desired,
            "Status": status,
        ]
        return try JSONDecoder().decode(SwarmTask.self, from: JSONSerialization.data(withJSONObject: document))
    }

    @Test func aFreshServiceStarts() throws {
        #expect(TaskHistory([]).state == .starting)
        for state in ["new", "pending", "assigned", "accepted", "preparing", "ready", "starting", "?"] {
            #expect(TaskHistory([try task("a", state, made: 0)]).state == .starting)
        }
        #expect(TaskHistory([try task("a", "running", made: 0)]).state == .running)
    }

    @Test func whatHasFailedHasEndedWhateverIsTriedNext() throws {
        let failed = try task("a", "failed", desired: "shutdown", made: 0, ended: 3, code: 7)
        #expect(TaskHistory([failed]).state == .exited(code: 7))
        let next = try task("b", "running", made: 3)
        let history = TaskHistory([next, failed])
        #expect(history.state == .exited(code: 7))
        #expect(history.task?.ID == "a")
        // The node's clock is ahead; the managers' tells.
        let ahead = try task("a", "failed", desired: "shutdown", made: 0, ended: 40, touched: 3, code: 1)
        #expect(TaskHistory([ahead, next]).state == .exited(code: 1))
        #expect(TaskHistory([try task("a", "complete", made: 0, code: 0)]).state == .exited(code: 0))
        #expect(TaskHistory([try task("a", "rejected", made: 0, error: "No such image")]).state == .exited(code: nil))
    }

    @Test func whoseNodeIsLostGoesOnElsewhere() throws {
        let lost = try task("a", "running", desired: "shutdown", made: 0)
        #expect(TaskHistory.isGivenUp(lost))
        let next = try task("b", "running", made: 9)
        #expect(TaskHistory([lost, next]).state == .running)
        #expect(TaskHistory([lost, next]).task?.ID == "b")
        #expect(TaskHistory([lost, try task("b", "pending", desired: "ready", made: 9)]).state == .starting)
        // The node comes back, and the task is found dead there.
        let found = try task("a", "failed", desired: "shutdown", made: 0, ended: 30, code: 255)
        #expect(TaskHistory([found, next]).state == .running)
        // Even where all clocks say otherwise, what was seen to be given up stays so.
        let wrong = try task("a", "failed", desired: "shutdown", made: 0, ended: 5, code: 255)
        #expect(TaskHistory([wrong, next], moved: ["a"]).state == .running)
        // Drained.
        let drained = try task("a", "shutdown", desired: "shutdown", made: 0, ended: 12)
        #expect(TaskHistory([drained, next]).state == .running)
        // Told to have no task.
        #expect(TaskHistory([drained]).state == .exited(code: nil))
    }

    @Test func reasonsAreForPeople() throws {
        #expect(TaskHistory.reason(try task("a", "failed", made: 0, error: "task: non-zero exit (7)")) == nil)
        let text = "task: non-zero exit (137): dockerexec: unhealthy container"
        #expect(TaskHistory.reason(try task("a", "failed", made: 0, error: text)) == text)
        let hostile = TaskHistory.reason(try task("a", "rejected", made: 0, error: "\u{1B}[31mx"))
        #expect(hostile?.contains("\u{1B}") == false)
    }

    @Test func timesOfTheEngine() {
        #expect(SwarmTask.milliseconds("1970-01-01T00:00:01.5Z") == 1500)
        #expect(SwarmTask.milliseconds("2026-11-23T23:37:13.372896279Z") == 1_795_477_033_372)
        #expect(SwarmTask.milliseconds("2026-11-23T23:37:13Z") == 1_795_477_033_000)
        for text in ["", "Z", "2026-11-23", "2026-11-23T23:37:13+01:00", String(repeating: "9", count: 50) + "Z"] {
            #expect(SwarmTask.milliseconds(text) == nil, "\(text)")
        }
    }
}
