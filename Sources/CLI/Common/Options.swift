public import ArgumentParser
import CurfewDesiredState
public import CurfewModel
import Foundation
import Glibc

/// How answers are written.
enum OutputFormat: String, ExpressibleByArgument, CaseIterable { case text, json }

struct ConfigurationOption: ParsableArguments {
    @Option(
        name: .long, help: ArgumentHelp("The configuration file.", valueName: "file"),
        completion: .file(extensions: ["yaml", "yml"]))
    var config = "curfew.yaml"

    /// Loads it, or prints what is wrong with it and ends with exit code 1.
    func load() throws -> ServiceConfiguration {
        do {
            return try ServiceConfiguration.load(path: config)
        } catch {
            for diagnostic in error.diagnostics { Terminal.error("\(diagnostic)") }
            if access(config, F_OK) != 0 {
                Terminal.error("hint: make one with `curfew init`, or name another with --config")
            }
            throw ExitCode.failure
        }
    }
}

struct FormatOption: ParsableArguments {
    @Option(name: .long, help: "How the answer is written.")
    var format = OutputFormat.text
}

/// Answers to people on standard output, complaints on standard error; colour only on a terminal.
enum Terminal {
    static let coloured =
        isatty(STDOUT_FILENO) == 1 && getenv("NO_COLOR") == nil && String(cString: getenv("TERM") ?? strdup("")) != "dumb"

    enum Colour: Int { case red = 31, green = 32, yellow = 33, blue = 34, grey = 90 }

    static func paint(_ text: String, _ colour: Colour) -> String {
        coloured ? "\u{1B}[\(colour.rawValue)m\(text)\u{1B}[0m" : text
    }

    static func out(_ text: String) { write(text + "\n", to: STDOUT_FILENO) }

    static func error(_ text: String) { write(text + "\n", to: STDERR_FILENO) }

    private static func write(_ text: String, to descriptor: Int32) {
        var bytes = Array(text.utf8)[...]
        while !bytes.isEmpty {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            // Nobody reads any more (`| head`): the rest has no use.
            guard count > 0 else { return }
            bytes = bytes.dropFirst(count)
        }
    }

    static func json(_ value: some Encodable) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
        out(String(decoding: try encoder.encode(value), as: UTF8.self))
    }

    /// Rows as columns, each as wide as its widest cell.
    static func table(_ rows: [[String]]) {
        guard let columns = rows.map(\.count).max() else { return }
        let widths = (0..<columns).map { column in rows.map { $0.count > column ? $0[column].count : 0 }.max() ?? 0 }
        for row in rows {
            let cells = row.enumerated().map { index, cell in
                index == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[index] - cell.count)
            }
            out(cells.joined(separator: "  "))
        }
    }
}

/// Runs a command's body; an error becomes one line on standard error and exit code 1.
func reporting<Result>(_ body: () async throws -> Result) async throws -> Result {
    do {
        return try await body()
    } catch let exit as ExitCode {
        throw exit
    } catch {
        Terminal.error("\(Terminal.paint("error:", .red)) \(error)")
        throw ExitCode.failure
    }
}

/// The path of this program, for the children that do its network work.
func ownProgram() -> String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
}

/// Who asks, for the audit trail: the user behind sudo where there is one.
func askingUser() -> String {
    let name = getenv("SUDO_USER") ?? getenv("USER") ?? getenv("LOGNAME")
    return String((name.map { String(cString: $0) } ?? "uid \(getuid())").prefix(64)).escapingControls
}

extension Span: ExpressibleByArgument {
    /// `90s`, `2m`, `1h30m`, `250ms`.
    public init?(argument: String) {
        var total: Int64 = 0
        var rest = Substring(argument)
        guard !rest.isEmpty else { return nil }
        while !rest.isEmpty {
            let digits = rest.prefix { $0.isASCII && $0.isNumber }
            rest = rest.dropFirst(digits.count)
            let unit = rest.prefix { $0.isLetter }
            rest = rest.dropFirst(unit.count)
            guard let number = Int64(digits), let size = Self.units[String(unit)] else { return nil }
            let (product, overflow) = number.multipliedReportingOverflow(by: size)
            guard !overflow, product <= 1 << 50 else { return nil }
            total += product
        }
        self.init(milliseconds: total)
    }

    private static let units: [String: Int64] = ["ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000]
}
