internal import Mustache

/// What a template is filled with. Every name that a template uses has to be there: one that is missing is looked for
/// further out. `false` = nothing.
typealias Fields = [String: Any]

/// The console's templates, part of the program.
enum Templates {
    private static let sources: [String: [UInt8]] = [
        "access": PackageResources.access_mustache, "atform": PackageResources.atform_mustache,
        "events": PackageResources.events_mustache, "grant": PackageResources.grant_mustache,
        "grantcard": PackageResources.grantcard_mustache, "journal": PackageResources.journal_mustache,
        "layout": PackageResources.layout_mustache, "now": PackageResources.now_mustache,
        "problem": PackageResources.problem_mustache, "session": PackageResources.session_mustache,
        "signin": PackageResources.signin_mustache, "timeline": PackageResources.timeline_mustache,
        "traffic": PackageResources.traffic_mustache, "workload": PackageResources.workload_mustache,
        "workloadrow": PackageResources.workloadrow_mustache,
    ]

    private static let library: MustacheLibrary = {
        MustacheContentTypes.register(HTMLText(), named: HTMLText.name)
        var library = MustacheLibrary()
        for (name, bytes) in sources {
            // One way of escaping for all of them, whatever a template forgets.
            let text = "{{% CONTENT_TYPE:\(HTMLText.name)}}" + String(decoding: bytes, as: UTF8.self)
            do { try library.register(text, named: name) } catch {
                preconditionFailure("the template \(name) is malformed: \(error)")
            }
        }
        return library
    }()

    static func fill(_ name: String, _ fields: Fields) -> String { library.render(fields, withTemplate: name) ?? "" }
}

/// `false` instead of nothing, which closes a section.
func shown(_ text: String?) -> Any { text.flatMap { $0.isEmpty ? nil : $0 } ?? false }
