import CurfewJournal
import CurfewModel
import HTTPTypes
import Hummingbird
import NIOCore

/// Events as they come, as server-sent events. `id` is the sequence number, `event` the kind, `data` the event as JSON.
struct EventStream: Sendable {
    /// Events read at once: what is in memory for one client.
    static let batch = 20

    let feed: EventFeed
    let journal: JournalSource
    /// Without an event for that long a comment is sent, so that both ends notice a dead connection.
    let heartbeat: Duration

    func open(_ call: Call) throws -> Response {
        let kind = call.query["kind"]
        let workload = try call.query["workload"].map(Routes.workloadName)
        let after = try position(call)
        let channel = call.channel
        guard let seat = feed.take(hangUp: { channel.close(promise: nil) }) else {
            throw Problem(
                .serviceUnavailable, "all seats for streams are taken; poll /api/v1/events instead",
                headers: [.retryAfter: "30"])
        }
        // A client that goes away frees its seat at once.
        channel.closeFuture.whenComplete { _ in feed.leave(seat.id) }
        let body = ResponseBody { writer in
            defer { feed.leave(seat.id) }
            try await follow(seat, after: after, kind: kind, workload: workload, &writer)
            try await writer.finish(nil)
        }
        return Response(
            status: .ok, headers: [.contentType: "text/event-stream; charset=utf-8", .connection: "close"], body: body)
    }

    /// Where to begin: `Last-Event-ID` of a client that comes back goes before `after`; without either, now.
    private func position(_ call: Call) throws -> Int64? {
        let given = call.request.headers[values: .lastEventID].first
        guard let text = given, !text.isEmpty else { return try call.number("after", 0...Int64.max) }
        guard let value = Int64(text), value >= 0 else {
            throw Problem.badRequest("Last-Event-ID has to be the sequence number of an event")
        }
        return value
    }

    private func follow(
        _ seat: (id: Int, rings: AsyncStream<Void>), after: Int64?, kind: String?, workload: Name?,
        _ writer: inout any ResponseBodyWriter
    ) async throws {
        var position: Int64
        if let after { position = after } else { position = try await journal.last(1).last?.sequence ?? 0 }
        try await write(": curfew\nretry: 2000\n\n", seat.id, &writer)
        var told = ContinuousClock.now
        var rings = seat.rings.makeAsyncIterator()
        while !Task.isCancelled {
            let events = try await journal.events(after: position, limit: Self.batch, kind: kind, workload: workload)
            if let last = events.last {
                position = last.sequence
                try await write(events.map(Self.frame).joined(), seat.id, &writer)
                told = .now
                if events.count == Self.batch { continue }
            } else if ContinuousClock.now - told >= heartbeat {
                try await write(": \(position)\n\n", seat.id, &writer)
                told = .now
            }
            guard await rings.next() != nil else { return }
        }
    }

    private func write(_ text: String, _ seat: Int, _ writer: inout any ResponseBodyWriter) async throws {
        feed.writing(seat, since: .now)
        defer { feed.writing(seat, since: nil) }
        try await writer.write(ByteBuffer(string: text))
    }

    /// JSON has no raw line breaks, and a kind is letters, digits, `.`, `-` and `_`: nothing can fake a frame.
    static func frame(_ event: JournalEvent) -> String {
        let data = String(decoding: JSONAnswer.data(EventView(event)), as: UTF8.self)
        return "id: \(event.sequence)\nevent: \(event.kind)\ndata: \(data)\n\n"
    }
}
