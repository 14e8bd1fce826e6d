import CurfewJournal
import CurfewModel
import CurfewViews
import Hummingbird

extension Routes {
    var grants: Route {
        Route(
            method: .get, path: "/api/v1/grants", access: .viewer, about: "Grants that are not over and off the branch.",
            answer: .fields(["grants": .list(Schema.grant)])
        ) { _ in JSONAnswer.response(GrantsView(grants: await host.status().grants)) }
    }

    var grant: Route {
        Route(
            method: .get, path: "/api/v1/grants/{name}", access: .viewer,
            about: "All grants of that name: each content of the file is one of its own.",
            answer: .fields(["grants": .list(Schema.grant)])
        ) { call in
            let name = try Self.pathName(call)
            let found = await host.status().grants.filter { $0.name == name.rawValue }
            guard !found.isEmpty else { throw Problem.notFound("there is no grant '\(name)' that is not over") }
            return JSONAnswer.response(GrantsView(grants: found))
        }
    }

    var verdicts: Route {
        Route(
            method: .get, path: "/api/v1/verdicts", access: .viewer,
            about: "Why grants, commits, bundles and attempts to get in were refused: what stands now, then what was.",
            query: [Route.Query(name: "limit", schema: .integer, about: "1 to 1000 of history, 100 when left out.")],
            answer: .fields(["verdicts": .list(Schema.verdict)])
        ) { call in
            let limit = Int(try call.number("limit", 1...1000) ?? 100)
            // First what may fail: Swift 6.3's optimizer crashes on the other order.
            let past = try await journal.search(EventQuery(kinds: Self.refusals), limit: limit)
            return JSONAnswer.response(VerdictsView(verdicts: Self.standing(await host.status()) + past.map(Self.verdict)))
        }
    }

    private static let refusals = ["grant.refused", "source.held", "bundle.held", "attempt.refused"]

    private static func standing(_ status: StatusView) -> [VerdictView] {
        var found: [VerdictView] = []
        if let held = status.source.held {
            let tip = status.source.tip
            found.append(
                VerdictView(
                    about: "commit", subject: tip ?? status.source.branch, standing: true, revision: tip, reasons: [held]))
        }
        for held in status.heldBundles {
            found.append(VerdictView(about: "bundle", subject: held.bundle, standing: true, reasons: held.diagnostics))
        }
        // A grant that waits is not refused, and still everybody asks why it does not begin.
        for grant in status.grants where ["refused", "pending"].contains(grant.state) {
            found.append(VerdictView(about: "grant", subject: grant.name, standing: true, reasons: grant.reasons))
        }
        return found
    }

    private static func verdict(_ event: JournalEvent) -> VerdictView {
        let about =
            switch event.kind {
            case "grant.refused": "grant"
            case "source.held": "commit"
            case "bundle.held": "bundle"
            default: "attempt"
            }
        let subject = event.details["grant"] ?? event.workload?.rawValue ?? event.revision?.hex ?? "-"
        return VerdictView(
            about: about, subject: subject, standing: false, at: event.at.timestamp, revision: event.revision?.hex,
            reasons: [event.message])
    }
}
