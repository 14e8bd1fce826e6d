import Foundation
import Hummingbird
import NIOCore

extension Routes {
    /// What operators may ask for: no more than `curfew pause`, `curfew resume` and SIGHUP do.
    var control: [Route] {
        [
            wish("pause", "Stop changing anything until `resume`. Instances go on, access still ends on time.") {
                try await host.pause(by: $0)
            },
            wish("resume", "Go on.") { try await host.resume(by: $0) },
            wish("sync", "Look at the branch and at the control files now.") { _ in await host.sync() },
            wish("retry", "Try everything that failed and waits for its next try now.") { _ in await host.retry() },
        ]
    }

    private func wish(
        _ name: String, _ about: String, _ act: @escaping @Sendable (_ by: String) async throws -> Void
    ) -> Route {
        Route(
            method: .post, path: "/api/v1/\(name)", access: .operatorOnly, about: about, answer: Schema.done, maxBody: 4096
        ) { call in
            let reason = try reason(call.body)
            // First, so that nobody pauses unseen; the hints change nothing and would only fill the journal.
            if ["pause", "resume"].contains(name) {
                await host.note(
                    "operator.\(name)", "\(name) over the API by \(call.caller.name)\(reason)",
                    ["by": call.caller.name, "request": call.id])
            }
            try await act("\(call.caller.name), over the API" + reason)
            return JSONAnswer.response(DoneView(done: name))
        }
    }

    private struct Wish: Decodable { var reason: String? }

    /// `: why`, of a body that may give a `reason`; empty without one.
    private func reason(_ body: ByteBuffer) throws(Problem) -> String {
        guard body.readableBytes > 0 else { return "" }
        guard let wish = try? JSONDecoder().decode(Wish.self, from: Data(body.readableBytesView)) else {
            throw .badRequest("the body is nothing, or JSON with a 'reason'")
        }
        return wish.reason.map { ": " + String($0.prefix(300)).escapingControls } ?? ""
    }
}
