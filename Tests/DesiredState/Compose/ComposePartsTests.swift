@testable import CurfewDesiredState
import CurfewModel
import Testing

@Suite struct ComposePartsTests {
    private let variables = ["A": "1", "EMPTY": "", "URL": "http://x:80/$A", "_b2": "two"]

    @Test(arguments: [
        ("plain", "plain"), ("$A", "1"), ("${A}", "1"), ("x${A}y", "x1y"), ("$$A", "$A"), ("$$$A", "$1"), ("$_b2!", "two!"),
        ("${NO:-other}", "other"), ("${NO-other}", "other"), ("${EMPTY:-other}", "other"), ("${EMPTY-other}", ""),
        ("${A:-other}", "1"), ("${A:+there}", "there"), ("${EMPTY:+there}", ""), ("${EMPTY+there}", "there"),
        ("${NO:+there}", ""), ("${NO:-${A}}", "1"), ("${NO:-${ALSO:-${A}-x}}", "1-x"), ("${A:?needed}", "1"),
        ("${NO:-http://h:1/p?q}", "http://h:1/p?q"), ("$URL", "http://x:80/$A"), ("${NO:-a$$b}", "a$b"), ("${NO:-}", ""),
    ])
    func interpolation(_ text: String, _ expected: String) throws {
        let result = try Interpolation.expand(text) { variables[$0] }
        #expect(result.text == expected)
        #expect(result.unset.isEmpty)
    }

    @Test(arguments: [
        ("$", "'$' has to be followed"), ("a $(id)", "'$' has to be followed"),
        ("${", "has to be followed by a variable's name"),
        ("${A", "not closed"), ("${A:-x", "not closed"), ("${A!x}", "followed by '!'"),
        ("${NO:?say why}", "variable NO is needed: say why"),
        ("${NO?}", "variable NO is needed"), ("${1}", "has to be followed by a variable's name"), ("${A:}", "followed by '}'"),
    ])
    func badInterpolation(_ text: String, _ message: String) {
        do {
            _ = try Interpolation.expand(text) { variables[$0] }
            Issue.record("taken: \(text)")
        } catch { #expect(error.message.contains(message), "\(error.message)") }
    }

    @Test func unsetVariablesAndBounds() throws {
        #expect(try Interpolation.expand("$NO ${NO} ${X:-$Y}") { _ in nil }.unset == ["NO", "Y"])
        // What was not taken is not asked for.
        #expect(try Interpolation.expand("${A:-$NO}") { variables[$0] }.unset.isEmpty)
        let deep = String(repeating: "${X:-", count: 100) + String(repeating: "}", count: 100)
        #expect(throws: Interpolation.Fault.self) { try Interpolation.expand(deep) { _ in nil } }
        let wide = String(repeating: "${A}", count: 70_000)
        #expect(throws: Interpolation.Fault.self) { try Interpolation.expand(wide) { variables[$0] } }
    }

    @Test(arguments: [
        ("a b  c", ["a", "b", "c"]), ("", []), ("'a b' \"c d\"", ["a b", "c d"]), ("a\\ b", ["a b"]), ("a''", ["a"]),
        ("''", [""]),
        ("sh -c \"echo \\\"x\\\" $HOME\"", ["sh", "-c", "echo \"x\" $HOME"]), ("'\\n'", ["\\n"]), ("\"a\\n\"", ["a\\n"]),
        ("a\\\n b", ["a", "b"]), ("--x='a b'", ["--x=a b"]), ("ä 'ö'", ["ä", "ö"]),
    ])
    func words(_ line: String, _ expected: [String]) { #expect(ShellWords.split(line) == expected) }

    @Test(arguments: ["'a", "\"a", "a\\", "\"a\\"]) func badWords(_ line: String) { #expect(ShellWords.split(line) == nil) }

    @Test(arguments: [
        ("30s", 30_000), ("1m30s", 90_000), ("1h5m30s20ms", 3_930_020), ("1.5s", 1500), ("0", 0), ("500us", 0),
        ("2h", 7_200_000),
    ])
    func spans(_ text: String, _ milliseconds: Int) {
        #expect(ComposeQuantity.span(text)?.milliseconds == Int64(milliseconds))
    }

    @Test(arguments: [
        ("512m", 512 << 20), ("1g", 1 << 30), ("1.5gb", 3 << 29), ("64K", 64 << 10), ("300000", 300_000), ("2GiB", 2 << 30),
        ("10b", 10),
        ("128MB", 128 << 20),
    ])
    func bytes(_ text: String, _ count: Int) { #expect(ComposeQuantity.bytes(text)?.value == Int64(count)) }

    @Test func badQuantities() {
        for text in ["", "30", "s", "-1s", "1d", "1 s", "99999999999999h", "1e3s", "nan"] {
            #expect(ComposeQuantity.span(text) == nil)
        }
        for text in ["", "m", "-1m", "1x", "1.2.3m", "1mm", "inf", "99999999999t"] {
            #expect(ComposeQuantity.bytes(text) == nil)
        }
        for text in ["", "-1", "nan", "1e9", "1,5", "."] { #expect(ComposeQuantity.cpu(text) == nil) }
        #expect(ComposeQuantity.cpu("0.25")?.value == 250)
        #expect(ComposeQuantity.cpu(".5")?.value == 500)
        #expect(ComposeQuantity.cpu("2")?.value == 2000)
    }

    @Test func portsInAllForms() throws {
        func spec(_ text: String) throws -> String {
            let spec = try #require(PortSpec(text), "\(text)")
            let published = spec.published.map { "\($0.lowerBound)-\($0.upperBound)" } ?? "?"
            return "\(spec.address ?? "*") \(published) \(spec.target.lowerBound)-\(spec.target.upperBound) \(spec.transport)"
        }
        #expect(try spec("3000") == "* ? 3000-3000 tcp")
        #expect(try spec("3000-3005") == "* ? 3000-3005 tcp")
        #expect(try spec("8000:80") == "* 8000-8000 80-80 tcp")
        #expect(try spec("9090-9091:8080-8081") == "* 9090-9091 8080-8081 tcp")
        #expect(try spec("8000-9000:80") == "* 8000-9000 80-80 tcp")
        #expect(try spec("127.0.0.1:8001:8001") == "127.0.0.1 8001-8001 8001-8001 tcp")
        #expect(try spec("127.0.0.1::5000") == "127.0.0.1 ? 5000-5000 tcp")
        #expect(try spec("6060:6060/UDP") == "* 6060-6060 6060-6060 udp")
        #expect(try spec("[::1]:8080:80") == "::1 8080-8080 80-80 tcp")
        for bad in ["", "a", "0", "65536", "80:", "1-2:1-3", "3-2", "1:2:3:4", "[::1]80", "+80", "8080:-80", "80/tcp:1"] {
            #expect(PortSpec(bad) == nil, "\(bad)")
        }
    }

    @Test func environmentFiles() throws {
        let text = """
            # a comment
            A=1
            export B = two words  # more
            C='$A #x'
            D="say \\"hi\\" to $A\\n"
            E=${A}-${F:-f}
            G
            H=
            I="two
            lines"
            J=x#y\r
            K: 5
            """
        let entries = try EnvFile.entries(Array(text.utf8))
        let values = Dictionary(uniqueKeysWithValues: entries.map { ($0.name, $0.value) })
        #expect(values["A"] == "1")
        #expect(values["B"] == "two words")
        #expect(values["C"] == "$A #x")
        #expect(values["D"] == "say \"hi\" to 1\n")
        #expect(values["E"] == "1-f")
        #expect(values["G"] == .some(nil))
        #expect(values["H"] == "")
        #expect(values["I"] == "two\nlines")
        #expect(values["J"] == "x#y")
        #expect(values["K"] == "5")
        #expect(entries.last?.line == 12)
        #expect(throws: EnvFile.Fault(line: 2, message: "a quote is not closed")) {
            try EnvFile.entries(Array("A=1\nB='x".utf8))
        }
        #expect(throws: EnvFile.Fault.self) { try EnvFile.entries([0xFF]) }
        #expect(throws: EnvFile.Fault.self) { try EnvFile.entries(Array("a b=1".utf8)) }
        #expect(try EnvFile.entries(Array("P='a$b".utf8), literal: true)[0].value == "'a$b")
    }

    @Test func namesOfSecrets() {
        let secret = [
            "POSTGRES_PASSWORD", "DB_PASS", "SECRET_KEY_BASE", "API_TOKEN", "apiKey_KEY", "MYSQL_ROOT_PASSWORD", "MYPASSWORD",
            "AWS_SECRET_ACCESS_KEY", "SMTP_USER_PWD", "APIKEY", "SENTRY_DSN",
        ]
        for name in secret { #expect(SecretNames.holdSecret(name, "s3cret"), "\(name)") }
        for name in ["KEYCLOAK_URL", "MONKEY", "PASSENGER_COUNT", "HOST", "TOKENIZER", "AUTH_METHOD"] {
            #expect(!SecretNames.holdSecret(name, "value"), "\(name)")
        }
        #expect(!SecretNames.holdSecret("DB_PASSWORD_FILE", "/run/secrets/db"))
        #expect(!SecretNames.holdSecret("MYSQL_ALLOW_EMPTY_PASSWORD", "yes"))
        #expect(!SecretNames.holdSecret("DB_PASSWORD", ""))
        #expect(SecretNames.holdSecret("DATABASE_URL", "postgres://user:pw@db/x"))
        #expect(!SecretNames.holdSecret("DATABASE_URL", "postgres://user@db:5432/x"))
        #expect(!SecretNames.holdSecret("BROKER_URL", "redis://:@redis:6379/0"))
        #expect(SecretNames.holdSecret("DB_PASSWORD_FILE", "literal"))
    }
}
