// The command line as people and scripts see it: every command on a tiny model.

#include "app/cli_runner.h"

#include <QDir>

#include <cmath>

using namespace tt::test;

namespace {

/// "a, b" for keys that are missing from `object`.
QString missing(const QJsonObject &object, const QStringList &keys) {
    QStringList absent;
    for (const QString &key : keys)
        if (!object.contains(key))
            absent << key;
    return absent.join(", ");
}

} // namespace

#define VERIFY_RUN(result, expected) QVERIFY2((result).code == (expected), qPrintable(describe(result)))

class TestCli : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void every_command_gives_one_json_document_with_its_keys_data();
    void every_command_gives_one_json_document_with_its_keys();
    void lists_name_what_is_there();
    void cached_activations_are_listed_and_removed();
    void values_make_sense();
    void without_json_a_text_is_written();
    void global_options_stand_before_or_after_the_command();
    void decoding_gives_back_what_was_encoded();
    void the_same_seed_gives_the_same_bytes();
    void an_interrupt_saves_and_resume_finishes_data();
    void an_interrupt_saves_and_resume_finishes();
    void exported_files_are_whole();
    void a_long_prompt_keeps_its_end_and_says_so_data();
    void a_long_prompt_keeps_its_end_and_says_so();
    void mistakes_give_one_line_and_a_code_data();
    void mistakes_give_one_line_and_a_code();
    void gpt2_cuts_real_stories_as_openai_does();

private:
    [[nodiscard]] CliResult run(const QStringList &arguments) const { return cli_->run(arguments); }
    void makeBrokenWorkspaces() const;
    QTemporaryDir folder_;
    std::unique_ptr<Cli> cli_;
};

void TestCli::initTestCase() {
    QVERIFY(folder_.isValid());
    cli_ = std::make_unique<Cli>(folder_.path());
    QVERIFY(makeCorpus(*cli_));
    const auto gpt = run(QStringList{"gpt", "train", "--run", "g", "--quiet"} + tinyGpt(30));
    VERIFY_RUN(gpt, 0);
    const auto transcoder = run(QStringList{"transcoder", "train", "--name", "t", "--quiet"} + tinyTranscoder(20));
    VERIFY_RUN(transcoder, 0);
    makeBrokenWorkspaces();
}

/// Workspaces that differ from the good one in one thing.
void TestCli::makeBrokenWorkspaces() const {
    const auto copy = [&](const char *name) {
        QCOMPARE(QProcess::execute("cp", {"-r", cli_->path("workspace"), cli_->path(name)}), 0);
    };
    copy("newer");
    cli_->write("newer/workspace.json", "{\"version\": 99}");
    copy("cut");
    QFile(cli_->path("cut/gpt/g/model.safetensors")).resize(5000);
    copy("lent"); // without the stories it learned from
    for (const char *kind : {"txt", "json"})
        QVERIFY(QDir(cli_->path("lent/corpus")).rename(QString("c.%1").arg(kind), QString("other.%1").arg(kind)));
    copy("retrained");
    QVERIFY(QFile::remove(cli_->path("retrained/gpt/g/state.json")));
    VERIFY_RUN(run(QStringList{"--workspace", "retrained", "--seed", "8", "gpt", "train", "--run", "g"} + tinyGpt(3)),
               0);
    cli_->write("empty.txt", "");
    cli_->write("short.txt", "A cat.\n\nA dog.\n\nA cow.\n");
    cli_->write("binary.txt", QByteArray("\x7f\x45\x4c\x46\0\0\1\2", 8));
    cli_->write("mixed.txt", "One \xff\xfe story.\n<|endoftext|>\nAnother one.\n<|endoftext|>\n");
    cli_->write("plain", "x");
}

void TestCli::every_command_gives_one_json_document_with_its_keys_data() {
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QStringList>("keys");
    const QStringList metrics{"layers", "ce_clean", "ce_replaced", "ce_zero", "ce_recovered", "kl"};
    QTest::newRow("bench gpt") << QStringList{"bench", "gpt",   "--steps",    "1",     "--precision",
                                              "bf16",  "--set", "d_model=32", "--set", "batch=2"}
                               << QStringList{"tokens_per_second", "step_seconds", "loss", "gemm_peak_gflops",
                                              "peak_memory_gb"};
    QTest::newRow("bench generate") << QStringList{"bench", "generate", "--tokens", "3"}
                                    << QStringList{"tokens_per_second", "tokens_per_second_recomputing", "ratio"};
    QTest::newRow("info") << QStringList{"info"}
                          << QStringList{"version", "libtorch", "onednn", "device", "threads", "gemm_gflops"};
    QTest::newRow("generate") << QStringList{"corpus", "generate", "--stories", "20", "--out", "some.txt"}
                              << QStringList{"stories", "bytes"};
    QTest::newRow("import") << QStringList{"--workspace", "w-import", "corpus", "import", "mixed.txt"}
                            << QStringList{"name", "stories", "bytes"};
    QTest::newRow("tokenizer train") << QStringList{"tokenizer", "train", "--vocab", "300", "--id", "other"}
                                     << QStringList{"kind", "vocab_size"};
    QTest::newRow("encode") << QStringList{"tokenizer", "encode", "Once upon"} << QStringList{"ids", "tokens"};
    QTest::newRow("encode file") << QStringList{"tokenizer", "encode", "--file", "mixed.txt"}
                                 << QStringList{"ids", "tokens"};
    QTest::newRow("decode") << QStringList{"tokenizer", "decode", "72,105"} << QStringList{"text"};
    QTest::newRow("gpt train")
        << QStringList{"gpt", "train", "--tokenizer", "own-400", "--run", "g2"} + tinyGpt(3)
        << QStringList{"run",    "steps", "tokens", "train_loss", "val_loss", "val_bits_per_byte", "tokens_per_second",
                       "seconds"};
    QTest::newRow("gpt eval") << QStringList{"gpt", "eval", "--run", "g"}
                              << QStringList{"loss", "bits_per_byte", "perplexity", "tokens"};
    QTest::newRow("gpt eval file") << QStringList{"gpt", "eval", "--run", "g", "--file", "mixed.txt"}
                                   << QStringList{"loss", "bits_per_byte", "perplexity", "tokens"};
    QTest::newRow("gpt generate") << QStringList{"gpt", "generate", "--run", "g", "--prompt", "Once", "--tokens", "5"}
                                  << QStringList{"text", "ids", "tokens_per_second"};
    QTest::newRow("gpt logits") << QStringList{"gpt", "logits", "--run", "g", "--prompt", "Once", "--top", "3"}
                                << QStringList{"tokens", "positions"};
    QTest::newRow("transcoder train")
        << QStringList{"transcoder", "train", "--name", "t2", "--run", "g"} + tinyTranscoder(3)
        << QStringList{"name",   "steps", "tokens", "layers", "ce_recovered", "activations", "tokens_per_second",
                       "seconds"};
    QTest::newRow("transcoder eval") << QStringList{"transcoder", "eval", "--name", "t"} << metrics;
    QTest::newRow("transcoder eval file")
        << QStringList{"transcoder", "eval", "--name", "t", "--file", "mixed.txt"} << metrics;
    QTest::newRow("features active") << QStringList{"features", "active", "--name", "t", "--prompt", "Once upon a"}
                                     << QStringList{"tokens", "active"};
    QTest::newRow("graph trace") << QStringList{"graph", "trace", "--name", "t",     "--prompt", "Once upon a", "--out",
                                                "g.svg", "g.pdf", "g.png",  "g.dot", "g.json",   "g.csv"}
                                 << QStringList{
                                        "nodes",        "edges",   "targets", "replacement_score", "completeness_score",
                                        "max_residual", "seconds", "files"};
    QTest::newRow("graph verify") << QStringList{"graph",    "verify",      "--name",    "t",
                                                 "--prompt", "Once upon a", "--samples", "10"}
                                  << QStringList{"checked", "max_abs_error", "max_residual", "pass"};
    QTest::newRow("graph edge") << QStringList{"graph",  "edge",    "--name",   "t",      "--prompt", "Once upon a",
                                               "--from", "token 1", "--target", "id:300", "--to",     "logit 300"}
                                << QStringList{"source", "target", "weight", "residual", "heads"};
    QTest::newRow("graph edge, all inputs") << QStringList{"graph",       "edge",     "--name", "t",    "--prompt",
                                                           "Once upon a", "--target", "id:300", "--to", "logit 300"}
                                            << QStringList{"source", "target", "weight", "residual", "heads"};
    QTest::newRow("graph paths") << QStringList{"graph",       "paths",   "--name", "t",          "--prompt",
                                                "Once upon a", "--depth", "3",      "--branches", "5"}
                                 << QStringList{"paths"};
    QTest::newRow("graph compare") << QStringList{"graph",    "compare",     "--name",         "t",
                                                  "--prompt", "Once upon a", "--other-prompt", "Once upon the"}
                                   << QStringList{"shared_nodes", "only_first", "only_second", "edges"};
}

void TestCli::every_command_gives_one_json_document_with_its_keys() {
    QFETCH(QStringList, arguments);
    QFETCH(QStringList, keys);
    const CliResult result = run(QStringList{"--json"} + arguments);
    VERIFY_RUN(result, 0);
    QVERIFY2(result.json().isObject(), qPrintable(describe(result))); // anything beside it would not parse
    QVERIFY2(missing(result.object(), keys).isEmpty(), qPrintable(missing(result.object(), keys)));
}

void TestCli::lists_name_what_is_there() {
    const auto corpora = run({"corpus", "list", "--json"});
    VERIFY_RUN(corpora, 0);
    const QJsonObject corpus = corpora.json().array().at(0).toObject();
    QCOMPARE(corpus["name"].toString(), "c");
    QCOMPARE(corpus["stories"].toInt(), 300);
    QCOMPARE(corpus["bytes"].toInteger(), QFileInfo(cli_->path("workspace/corpus/c.txt")).size());
    const auto transcoders = run({"transcoder", "list", "--json"});
    VERIFY_RUN(transcoders, 0);
    QStringList names;
    for (const auto &each : transcoders.json().array()) {
        const QJsonObject one = each.toObject();
        names << one["name"].toString();
        QVERIFY(missing(one, {"name", "kind", "activation", "features", "k", "gpt_run", "fvu", "ce_recovered", "dead",
                              "l0", "bytes"})
                    .isEmpty());
        QCOMPARE(one["parameters"].toInt(), 2 * (2 * 64 * 32 + 64 + 32)); // encoder, decoder, biases of two layers
        QVERIFY(one["kind"] == "per-layer" && one["activation"] == "topk" && one["features"] == 64 && one["k"] == 4);
    }
    QVERIFY(names.contains("t"));
}

void TestCli::cached_activations_are_listed_and_removed() {
    VERIFY_RUN(run(QStringList{"transcoder", "train", "--name", "cached", "--run", "g", "--set", "cache=disk"} +
                   tinyTranscoder(3)),
               0);
    const auto caches = run({"transcoder", "cache", "--json"}).json().array();
    QCOMPARE(caches.size(), 1);
    const QJsonObject cache = caches.at(0).toObject();
    QVERIFY(cache["gpt_run"] == "g" && cache["current"] == true && cache["tokens"].toInt() > 0);
    QVERIFY(QDir(cli_->path(cache["path"].toString())).exists());
    QVERIFY(cache["bytes"].toInteger() >= cache["tokens"].toInteger() * 2 * 2 * 32 * 2); // layers, in and out, d, bf16
    VERIFY_RUN(run({"transcoder", "cache", "--remove"}), 0);
    QCOMPARE(run({"transcoder", "cache", "--json"}).json().array().size(), 0);
    QVERIFY(!QDir(cli_->path(cache["path"].toString())).exists());
}

void TestCli::values_make_sense() {
    const auto logits =
        run({"--json", "gpt", "logits", "--run", "g", "--prompt", "Once upon", "--top", "400"}).object();
    QCOMPARE(logits["positions"].toArray().size(), logits["tokens"].toArray().size());
    for (const auto &position : logits["positions"].toArray()) {
        double sum = 0;
        for (const auto &each : position.toObject()["top"].toArray())
            sum += each.toObject()["p"].toDouble();
        QVERIFY(std::abs(sum - 1) < 1e-6); // all 400 tokens
    }
    const auto eval = run({"--json", "gpt", "eval", "--run", "g"}).object();
    QVERIFY(std::abs(eval["perplexity"].toDouble() / std::exp(eval["loss"].toDouble()) - 1) < 1e-12);
    QVERIFY(eval["loss"].toDouble() < std::log(400.0)); // 30 steps teach something
    const auto t = run({"--json", "transcoder", "eval", "--name", "t"}).object();
    const double clean = t["ce_clean"].toDouble(), replaced = t["ce_replaced"].toDouble(),
                 zero = t["ce_zero"].toDouble();
    QVERIFY(std::abs(t["ce_recovered"].toDouble() - (zero - replaced) / (zero - clean)) < 1e-9);
    QCOMPARE(t["layers"].toArray().size(), 2);
    for (const auto &each : t["layers"].toArray()) { // every feature that fires is somewhere
        double sum = each.toObject()["dead"].toDouble();
        for (const auto &share : each.toObject()["density_histogram"].toArray())
            sum += share.toDouble();
        QVERIFY(std::abs(sum - 1) < 1e-9);
    }
    for (const auto &each : run({"--json", "transcoder", "list"}).json().array()) // keeps what was measured last
        if (each.toObject()["name"] == "t")
            QVERIFY(each.toObject()["ce_recovered"] == t["ce_recovered"] &&
                    each.toObject()["held_out"].toObject()["layers"] == t["layers"]);
    QVERIFY(t["layers"].toArray().at(0).toObject()["l0"].toDouble() <= 4);
    const auto verified = run({"--json", "graph", "verify", "--name", "t", "--prompt", "Once upon a time"}).object();
    QVERIFY(verified["pass"].toBool() && verified["checked"].toInt() > 0);
}

void TestCli::without_json_a_text_is_written() {
    const auto encoded = run({"tokenizer", "encode", "Hi", "--id", "own-400"});
    VERIFY_RUN(encoded, 0);
    QVERIFY(!encoded.out.isEmpty() && encoded.json().isNull());
    const auto verified = run({"graph", "verify", "--name", "t", "--prompt", "Once upon a time"});
    QVERIFY2(verified.out.contains(" effects of frozen interventions"), qPrintable(verified.out));
    const auto help = run({"--help"});
    QVERIFY(help.code == 0 && help.err.isEmpty() && help.out.contains("gpt"));
    const auto version = run({"--version"});
    QVERIFY(version.code == 0 && version.out.startsWith("tinytranscoder-cli "));
    QVERIFY(run({"gpt", "train", "--help"}).out.contains("--preset"));
}

void TestCli::global_options_stand_before_or_after_the_command() {
    const QStringList options{"--workspace", "workspace", "--json", "--seed", "5", "--quiet"};
    const QStringList command{"gpt", "generate", "--run", "g", "--prompt", "Once", "--tokens", "8"};
    const auto before = run(options + command), after = run(command + options);
    VERIFY_RUN(before, 0);
    VERIFY_RUN(after, 0);
    QCOMPARE(before.object()["ids"], after.object()["ids"]);
    QVERIFY(before.err.isEmpty() && after.err.isEmpty());
    QCOMPARE(run({"--device", "cuda:0", "info"}).code, 1);
    QCOMPARE(run({"--device", "abacus", "info"}).code, 2);
}

void TestCli::decoding_gives_back_what_was_encoded() {
    const QString text = QString::fromUtf8("Tom\u2019s caf\u00e9 \u2603 said \"no\".");
    const auto encoded = run({"--json", "tokenizer", "encode", text, "--id", "own-400"});
    VERIFY_RUN(encoded, 0);
    QStringList ids;
    for (const auto &id : encoded.object()["ids"].toArray())
        ids << QString::number(id.toInt());
    QCOMPARE(encoded.object()["tokens"].toArray().size(), ids.size());
    const auto commas = run({"--json", "tokenizer", "decode", ids.join(","), "--id", "own-400"});
    QCOMPARE(commas.object()["text"].toString(), text);
    const auto spaces = run(QStringList{"--json", "tokenizer", "decode", "--id", "own-400"} + ids);
    QCOMPARE(spaces.object()["text"].toString(), text);
}

void TestCli::the_same_seed_gives_the_same_bytes() {
    for (const QString w : {"same-1", "same-2"}) {
        const QStringList base{"--workspace", w, "--seed", "11", "--quiet"};
        VERIFY_RUN(run(base + QStringList{"corpus", "generate", "--stories", "100", "--name", "c"}), 0);
        VERIFY_RUN(run(base + QStringList{"tokenizer", "train", "--vocab", "300", "--id", "k"}), 0);
        VERIFY_RUN(run(base + QStringList{"gpt", "train", "--run", "g", "--set", "dropout=0.1"} + tinyGpt(5)), 0);
        VERIFY_RUN(run(base + QStringList{"transcoder", "train", "--name", "t"} + tinyTranscoder(5)), 0);
    }
    for (const QString file :
         {"corpus/c.txt", "tokenizer/k/tokenizer.json", "gpt/g/model.safetensors", "gpt/g/config.json",
          "transcoders/t/layer_0.safetensors", "transcoders/t/layer_1.safetensors", "transcoders/t/config.json"}) {
        QVERIFY(!cli_->read("same-1/" + file).isEmpty());
        QVERIFY2(cli_->read("same-1/" + file) == cli_->read("same-2/" + file), qPrintable(file));
    }
    VERIFY_RUN(run({"--seed", "12", "corpus", "generate", "--stories", "100", "--out", "other.txt"}), 0);
    QVERIFY(cli_->read("other.txt") != cli_->read("same-1/corpus/c.txt"));
}

void TestCli::an_interrupt_saves_and_resume_finishes_data() {
    QTest::addColumn<QStringList>("command");
    QTest::addColumn<QStringList>("settings");
    QTest::addColumn<QString>("metrics");
    QTest::addColumn<int>("signal");
    QTest::newRow("gpt, SIGINT") << QStringList{"gpt", "train", "--run", "stopped"}
                                 << QStringList{"--tokenizer", "own-400"} + tinyGpt(100'000)
                                 << "workspace/gpt/stopped/state.json" << SIGINT;
    QTest::newRow("transcoder, SIGTERM") << QStringList{"transcoder", "train", "--name", "stopped"}
                                         << QStringList{"--run", "g"} + tinyTranscoder(100'000)
                                         << "workspace/transcoders/stopped/state.json" << SIGTERM;
}

void TestCli::an_interrupt_saves_and_resume_finishes() {
    QFETCH(QStringList, command);
    QFETCH(QStringList, settings);
    QFETCH(QString, metrics);
    QFETCH(int, signal);
    QProcess process;
    cli_->start(process, QStringList{"--json"} + command + settings);
    QTRY_VERIFY_WITH_TIMEOUT(QFile::exists(cli_->path(metrics)), 30'000); // its first checkpoint: it trains
    QElapsedTimer timer;
    timer.start();
    QCOMPARE(::kill(static_cast<pid_t>(process.processId()), signal), 0);
    const CliResult result = Cli::finish(process);
    VERIFY_RUN(result, 130);
    QVERIFY2(timer.elapsed() < 10'000, qPrintable(QString::number(timer.elapsed())));
    const auto steps = result.object()["steps"].toInteger();
    const auto state = QJsonDocument::fromJson(cli_->read(metrics)).object();
    QVERIFY(state["step"].toInteger() == steps && steps < 100'000 && !state["finished"].toBool());
    QJsonObject shorter = state, training = state["training"].toObject(), values = training["values"].toObject();
    values["steps"] = QString::number(steps + 3); // so that resuming ends soon
    training["values"] = values;
    shorter["training"] = training;
    cli_->write(metrics, QJsonDocument(shorter).toJson());
    const auto resumed = run(QStringList{"--json"} + command + QStringList{"--resume"});
    VERIFY_RUN(resumed, 0);
    QCOMPARE(resumed.object()["steps"].toInteger(), steps + 3);
    QVERIFY(QJsonDocument::fromJson(cli_->read(metrics)).object()["finished"].toBool());
}

void TestCli::exported_files_are_whole() {
    VERIFY_RUN(
        run({"graph", "trace", "--name", "t", "--prompt", "Once upon a", "--out", "x.svg", "x.dot", "x.json", "x.csv"}),
        0);
    QVERIFY(cli_->read("x.svg").trimmed().endsWith("</svg>"));
    QVERIFY(cli_->read("x.dot").trimmed().endsWith("}"));
    QVERIFY(QJsonDocument::fromJson(cli_->read("x.json")).isObject());
    QVERIFY(cli_->read("x.csv").count('\n') > 1);
}

void TestCli::a_long_prompt_keeps_its_end_and_says_so_data() {
    QTest::addColumn<QStringList>("command");
    QTest::newRow("generate") << QStringList{"gpt", "generate", "--run", "g", "--tokens", "2"};
    QTest::newRow("logits") << QStringList{"gpt", "logits", "--run", "g"};
    QTest::newRow("features") << QStringList{"features", "active", "--name", "t"};
    QTest::newRow("trace") << QStringList{"graph", "trace", "--name", "t"};
    QTest::newRow("verify") << QStringList{"graph", "verify", "--name", "t", "--samples", "3"};
}

void TestCli::a_long_prompt_keeps_its_end_and_says_so() {
    QFETCH(QStringList, command);
    const auto result =
        run(QStringList{"--json"} + command + QStringList{"--prompt", QString("Tim ran. ").repeated(30)});
    VERIFY_RUN(result, 0);
    QVERIFY2(result.err.contains("left out"), qPrintable(describe(result)));
    QVERIFY(result.json().isObject());
    if (result.object().contains("tokens"))
        QCOMPARE(result.object()["tokens"].toArray().size(), 16); // the context
}

void TestCli::mistakes_give_one_line_and_a_code_data() {
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<int>("code");
    QTest::addColumn<QString>("says");
    const auto row = [](const char *name, const QStringList &arguments, int code, const char *says) {
        QTest::newRow(name) << arguments << code << QString::fromUtf8(says);
    };
    row("no command", {}, 2, "subcommand");
    row("unknown command", {"bake"}, 2, "bake");
    row("unknown subcommand", {"gpt", "bake"}, 2, "bake");
    row("unknown option", {"info", "--sugar"}, 2, "--sugar");
    row("missing prompt", {"gpt", "generate"}, 2, "--prompt");
    row("no workspace", {"--workspace", "nowhere", "gpt", "eval"}, 1, "nowhere");
    row("newer workspace", {"--workspace", "newer", "gpt", "eval"}, 1, "version 99");
    row("newer workspace, writing", {"--workspace", "newer", "corpus", "generate", "--stories", "3"}, 1, "version 99");
    row("workspace is a file", {"--workspace", "plain", "corpus", "generate", "--stories", "3"}, 1, "plain");
    row("empty corpus", {"corpus", "import", "empty.txt"}, 1, "empty.txt");
    row("missing corpus", {"corpus", "import", "missing.txt"}, 1, "missing.txt");
    row("binary corpus", {"corpus", "import", "binary.txt"}, 1, "binary.txt");
    row("no stories", {"corpus", "generate", "--stories", "0"}, 2, "10");
    row("unknown corpus", {"gpt", "train", "--corpus", "tolstoy"}, 2, "There is: c");
    row("unknown preset", {"gpt", "train", "--preset", "huge"}, 2, "tiny, original, small");
    row("unknown key", {"gpt", "train", "--set", "colour=red"}, 2, "learning_rate");
    row("setting without a value", {"gpt", "train", "--set", "steps"}, 2, "key=value");
    row("impossible value", {"gpt", "train", "--set", "steps=0"}, 2, "steps");
    row("heads that do not fit", {"gpt", "train", "--set", "heads=64", "--set", "d_model=32"}, 2, "head");
    row("unknown place for activations", {"transcoder", "train", "--set", "cache=flash"}, 2, "auto, memory, disk");
    row("no room for activations",
        {"transcoder", "train", "--run", "g", "--set", "cache=disk", "--set", "cache_disk=0.000001"}, 2,
        "Raise cache_disk");
    row("unknown transcoder key", {"transcoder", "train", "--set", "colour=red"}, 2, "learning_rate");
    row("k above the features", {"transcoder", "train", "--run", "g", "--features", "4", "--k", "8"}, 2, "k must");
    row("taken name", {"gpt", "train", "--run", "g"}, 2, "already");
    row("unknown run", {"gpt", "eval", "--run", "h"}, 2, "There is");
    row("original without GPT-2", {"gpt", "train", "--preset", "original"}, 1, "tokenizer gpt2");
    row("corpus of the training", {"--workspace", "lent", "transcoder", "eval", "--name", "t"}, 2, "--file FILE");
    row("cut weights", {"--workspace", "cut", "gpt", "eval", "--run", "g"}, 1, "model.safetensors");
    row("other weights", {"--workspace", "retrained", "transcoder", "eval", "--name", "t"}, 1, "other weights");
    row("other weights, features", {"--workspace", "retrained", "features", "active", "--prompt", "A"}, 1,
        "other weights");
    row("other weights, graph", {"--workspace", "retrained", "graph", "trace", "--prompt", "A"}, 1, "other weights");
    row("empty prompt", {"gpt", "generate", "--prompt", ""}, 2, "prompt is empty");
    row("empty prompt, features", {"features", "active", "--name", "t", "--prompt", ""}, 2, "prompt is empty");
    row("empty prompt, graph", {"graph", "trace", "--name", "t", "--prompt", ""}, 2, "prompt is empty");
    row("target of two tokens", {"graph", "trace", "--name", "t", "--prompt", "A", "--target", "token:zebra crossing"},
        2, "not one");
    row("target out of the vocabulary", {"graph", "trace", "--name", "t", "--prompt", "A", "--target", "id:4000"}, 2,
        "no token 4000");
    row("unknown target", {"graph", "trace", "--name", "t", "--prompt", "A", "--target", "me"}, 2,
        "feature:LAYER/POSITION/FEATURE");
    row("feature that does not exist", {"graph", "trace", "--name", "t", "--prompt", "A", "--target", "feature:9/0/0"},
        2, "Feature 9/0");
    row("unknown file type", {"graph", "trace", "--prompt", "A", "--name", "no-such", "--out", "x.xyz"}, 2, "x.xyz");
    row("a node that is not there",
        {"graph", "edge", "--name", "t", "--prompt", "Once", "--from", "token 9", "--to", "logit 3"}, 2, "no node");
    row("paths of no length", {"graph", "paths", "--name", "t", "--prompt", "Once", "--depth", "0"}, 2, "depth");
    row("output below a file", {"graph", "trace", "--name", "t", "--prompt", "Once", "--out", "plain/x.svg"}, 1,
        "plain/x.svg");
    row("output in no folder", {"corpus", "generate", "--stories", "3", "--out", "no/x.txt"}, 1, "no/x.txt");
    row("id that is no number", {"tokenizer", "decode", "x"}, 2, "x");
    row("id out of the vocabulary", {"tokenizer", "decode", "99999"}, 2, "99999");
    row("wrong GPT-2 files", {"tokenizer", "gpt2", "--files", "."}, 1, "vocab.bpe");
    row("evaluation file missing", {"gpt", "eval", "--run", "g", "--file", "missing.txt"}, 1, "missing.txt");
}

void TestCli::mistakes_give_one_line_and_a_code() {
    QFETCH(QStringList, arguments);
    QFETCH(int, code);
    QFETCH(QString, says);
    const auto result = run(QStringList{"--json"} + arguments);
    VERIFY_RUN(result, code);
    QVERIFY2(result.out.isEmpty(), qPrintable(describe(result)));
    QStringList lines;
    for (const QString &line : result.error().split('\n'))
        if (!line.contains(" % ")) // progress of what came before
            lines << line;
    QVERIFY2(lines.size() == 1 && lines.front().contains(says), qPrintable(describe(result)));
}

void TestCli::gpt2_cuts_real_stories_as_openai_does() {
    const QString data = qEnvironmentVariable("TT_TEST_DATA");
    if (!QFile::exists(data + "/gpt2/vocab.bpe") || !QFile::exists(data + "/tinystories/valid.txt"))
        QSKIP("TT_TEST_DATA/gpt2 and TT_TEST_DATA/tinystories are not there");
    const QStringList base{"--workspace", "w-gpt2", "--json"};
    VERIFY_RUN(run(base + QStringList{"tokenizer", "gpt2", "--files", data + "/gpt2"}), 0);
    const auto encoded = run(base + QStringList{"tokenizer", "encode", "--file", data + "/tinystories/valid.txt"});
    VERIFY_RUN(encoded, 0);
    QCOMPARE(encoded.object()["ids"].toArray().size(), 1'062'427); // tiktoken's count
}

QTEST_GUILESS_MAIN(TestCli)
#include "test_cli.moc"
