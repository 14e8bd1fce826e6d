extension Schema {
    private static let overall = Schema.words(["converged", "progressing", "held", "failed"])

    static let instance = Schema.fields(
        ["id": .text, "generation": .text, "state": .text, "health": .text, "endpoints": .map(.text)],
        optional: ["place": .text])

    static let workload = Schema.fields(
        [
            "name": .text, "desired": .integer, "ready": .integer, "state": overall, "pinned": .bool,
            "instances": .list(instance), "traffic": .list(.fields(["generation": .text, "percent": .integer])),
        ],
        optional: [
            "change": .fields(["commit": .text, "author": .text, "summary": .text]), "runtime": .text, "generation": .text,
            "address": .text, "message": .text,
            "revision": .text,
        ])

    static let grant = Schema.fields(
        [
            "name": .text, "blob": .text, "reasons": .list(.text), "approvedBy": .list(.text), "backends": .list(.text),
            "touches": .list(.text), "selfEnding": .list(.text),
            "state": .words(["pending", "scheduled", "starting", "active", "ending", "ended", "refused"]),
        ], optional: ["person": .text, "role": .text, "start": .moment, "end": .moment, "reason": .text])

    static let status = Schema.fields(
        [
            "version": .text, "at": .moment, "state": overall, "verified": .bool, "trust": .text,
            "source": .fields(
                ["url": .text, "branch": .text],
                optional: [
                    "tip": .text, "lastFetch": .moment, "problem": .text, "failingSince": .moment, "held": .text,
                ]),
            "workloads": .list(workload), "diagnostics": .list(.text), "problems": .list(.text),
            "heldBundles": .list(.fields(["bundle": .text, "diagnostics": .list(.text)], optional: ["lastGood": .text])),
            "pendingReverts": .list(.text), "grants": .list(grant),
        ], optional: ["revision": .text, "paused": .text])

    static let plan = Schema.fields(
        [
            "steps": .list(
                .fields(
                    [
                        "kind": .words(["create", "replace", "resize", "repair", "retire"]), "workload": .text,
                        "from": .list(.text), "drift": .list(.text), "waitsFor": .list(.text), "explanation": .text,
                    ], optional: ["to": .text])),
            "holds": .list(
                .fields(["workload": .text, "reason": .text, "explanation": .text], optional: ["until": .moment])),
        ], optional: ["revision": .text])

    static let event = Schema.fields(
        ["sequence": .integer, "at": .moment, "kind": .text, "message": .text, "details": .map(.text)],
        optional: ["workload": .text, "revision": .text])

    static let verdict = Schema.fields(
        [
            "about": .words(["grant", "commit", "bundle", "attempt"]), "subject": .text, "standing": .bool,
            "reasons": .list(.text),
        ], optional: ["at": .moment, "revision": .text])

    static let session = Schema.fields(
        ["recording": .text],
        optional: [
            "grant": .text, "person": .text, "workload": .text, "instance": .text, "command": .text, "began": .moment,
            "ended": .moment, "seconds": .text, "exitCode": .text, "why": .text, "sha256": .text,
        ])

    static let chain = Schema.fields(
        ["sound": .bool, "count": .integer, "head": .text, "at": .moment], optional: ["brokenAt": .integer, "problem": .text])

    static let health = Schema.fields([
        "ready": .bool, "secondsSinceTick": .number, "journalWritable": .bool, "problems": .list(.text),
    ])

    static let done = Schema.fields(["done": .text])

    /// RFC 9457.
    static let problem = Schema.fields([
        "type": .text, "title": .text, "status": .integer, "detail": .text, "requestId": .text,
    ])
}
