// `features …` of the command line on the program as it ships: index, show, search, label, export, and what it refuses.
#include "cli_runner.h"

#include <QDir>

#include <limits>

using namespace tt::test;

class TestCliFeatures : public QObject {
    Q_OBJECT

    QTemporaryDir folder_;
    Cli cli_{folder_.path()};
    QJsonObject featureThatFires_;

    [[nodiscard]] CliResult features(const QStringList &arguments) const {
        return cli_.run(QStringList{"--json", "features"} + arguments);
    }
    [[nodiscard]] QStringList place() const {
        return {"--layer", QString::number(featureThatFires_["layer"].toInt()), "--feature",
                QString::number(featureThatFires_["feature"].toInt())};
    }

private Q_SLOTS:
    void initTestCase() {
        QVERIFY(makeCorpus(cli_));
        QCOMPARE(cli_.run(QStringList{"gpt", "train", "--run", "g"} + tinyGpt(8)).code, 0);
        QCOMPARE(cli_.run(QStringList{"transcoder", "train", "--name", "t"} + tinyTranscoder(12)).code, 0);
    }

    void without_an_index_a_card_has_no_examples_and_says_so() {
        const CliResult shown = features({"show", "--name", "t", "--layer", "1", "--feature", "3"});
        QVERIFY2(shown.code == 0, qPrintable(describe(shown)));
        QVERIFY(shown.error().contains("features index"));
        QVERIFY(!shown.object()["indexed"].toBool());
        QVERIFY(shown.object()["top_examples"].toArray().isEmpty());
        QCOMPARE(shown.object()["top_logits"].toArray().size(), 10);
    }

    void the_index_is_made_once() {
        const CliResult made = features({"index", "--name", "t", "--measure"});
        QVERIFY2(made.code == 0, qPrintable(describe(made)));
        const QJsonObject json = made.object();
        for (const char *key :
             {"tokens", "features", "alive", "seconds", "tokens_per_second", "products_tokens_per_second"})
            QVERIFY2(json[key].toDouble() > 0, key);
        QCOMPARE(json["features"].toInt(), 128);
        QVERIFY(json["built"].toBool());
        const CliResult again = features({"index", "--name", "t"});
        QVERIFY(!again.object()["built"].toBool());
        QCOMPARE(again.object()["tokens"].toInt(), json["tokens"].toInt());
    }

    void a_card_shows_examples_whose_peaks_are_active() {
        const QJsonArray active =
            features({"active", "--name", "t", "--prompt", "Once upon a time"}).object()["active"].toArray();
        QVERIFY(!active.isEmpty());
        featureThatFires_ = active.last().toObject();
        const CliResult shown = features(QStringList{"show", "--name", "t"} + place());
        QVERIFY2(shown.code == 0, qPrintable(describe(shown)));
        const QJsonObject card = shown.object();
        for (const char *key :
             {"density", "max", "top_examples", "top_logits", "bottom_logits", "neighbours", "histogram", "label"})
            QVERIFY2(card.contains(key), key);
        QCOMPARE(card["histogram"].toArray().size(), 50);
        double inBins = 0;
        for (const auto &bin : card["histogram"].toArray())
            inBins += bin.toDouble();
        QCOMPARE(inBins, card["count"].toDouble());
        QCOMPARE(card["density"].toDouble(), card["count"].toDouble() / card["tokens"].toDouble());
        double before = card["max"].toDouble();
        for (const auto &entry : card["top_examples"].toArray()) {
            const QJsonObject example = entry.toObject();
            QCOMPARE(example["tokens"].toArray().size(), example["activations"].toArray().size());
            const double peak = example["activations"].toArray()[example["peak"].toInt()].toDouble();
            QVERIFY(std::abs(peak - example["activation"].toDouble()) < 1e-5);
            QVERIFY(peak <= before + 1e-5);
            before = peak;
        }
    }

    void labels_are_written_found_and_taken_away() {
        QVERIFY(!featureThatFires_.isEmpty());
        const CliResult labelled = features(QStringList{"label", "--name", "t"} + place() +
                                            QStringList{"opening words", "--notes", "weak elsewhere", "--star"});
        QVERIFY2(labelled.code == 0, qPrintable(describe(labelled)));
        QCOMPARE(features(QStringList{"show", "--name", "t"} + place()).object()["label"].toString(), "opening words");
        const QJsonArray found = features({"search", "--name", "t", "OPENING"}).object()["matches"].toArray();
        QVERIFY(!found.isEmpty());
        QCOMPARE(found[0].toObject()["kind"].toString(), "label");
        QCOMPARE(found[0].toObject()["feature"].toInt(), featureThatFires_["feature"].toInt());
        const auto graphNames = [this](const QByteArray &word) {
            const QJsonObject &f = featureThatFires_;
            const QString target = QString("feature:%1/%2/%3")
                                       .arg(f["layer"].toInt())
                                       .arg(f["position"].toInt())
                                       .arg(f["feature"].toInt());
            const CliResult traced = cli_.run({"graph", "trace", "--name", "t", "--prompt", "Once upon a time",
                                               "--target", target, "--out", cli_.path("named.json")});
            return traced.code == 0 && cli_.read("named.json").contains(word);
        };
        QVERIFY(graphNames("opening words"));
        QCOMPARE(
            features(QStringList{"label", "--name", "t"} + place() + QStringList{"", "--notes", "", "--unstar"}).code,
            0);
        QVERIFY(!graphNames("opening words"));
        QVERIFY(!cli_.read("workspace/transcoders/t/labels.json").contains("opening"));
    }

    void a_search_tells_why_it_found() {
        const QJsonArray found = features({"search", "--name", "t", "the"}).object()["matches"].toArray();
        QStringList kinds;
        for (const auto &match : found)
            kinds << match.toObject()["kind"].toString();
        QVERIFY(kinds.contains("promotes"));
        QVERIFY(kinds.contains("fires-on"));
        QCOMPARE(
            features({"search", "--name", "t", "1/5"}).object()["matches"].toArray()[0].toObject()["kind"].toString(),
            "name");
    }

    void one_feature_and_all_are_exported() {
        QCOMPARE(features(QStringList{"export", "--name", "t", "--out", "one.json"} + place()).code, 0);
        const QJsonObject one = QJsonDocument::fromJson(cli_.read("one.json")).object();
        QCOMPARE(one["examples_quantiles"].toArray().size(), 11);
        const CliResult all = features({"export", "--name", "t", "--out", "all"});
        QVERIFY2(all.code == 0, qPrintable(describe(all)));
        QCOMPARE(QDir(cli_.path("all")).entryList({"*.json"}).size(), all.object()["files"].toInt());
    }

    void all_features_are_packed_into_a_file_a_layer() {
        const CliResult packed = features({"export", "--name", "t", "--packed", "--out", "features"});
        QVERIFY2(packed.code == 0, qPrintable(describe(packed)));
        QVERIFY(packed.object()["features"].toInt() > 0);
        QCOMPARE(QDir(cli_.path("features")).entryList(QDir::Files),
                 (QStringList{"index.json.gz", "layer_0.bin", "layer_1.bin"}));
        QCOMPARE(features(QStringList{"export", "--name", "t", "--packed", "--out", "x"} + place()).code, 2);
    }

    void ce_effects_are_measured_and_stand_on_the_card() {
        QVERIFY(!features(QStringList{"show", "--name", "t"} + place()).object().contains("ce_effect"));
        const CliResult measured = features({"ce-effects", "--name", "t", "--windows", "2", "--count", "100000"});
        QVERIFY2(measured.code == 0, qPrintable(describe(measured)));
        const QJsonObject json = measured.object();
        QCOMPARE(json["windows"].toInt(), 2);
        QCOMPARE(json["top"].toArray().size(), json["measured"].toInt());
        double before = std::numeric_limits<double>::max(), mine = 0;
        for (const auto &entry : json["top"].toArray()) {
            const QJsonObject row = entry.toObject();
            QVERIFY(row["ce_effect"].toDouble() <= before);
            before = row["ce_effect"].toDouble();
            if (row["layer"] == featureThatFires_["layer"] && row["feature"] == featureThatFires_["feature"])
                mine = before;
        }
        QVERIFY(mine != 0);
        QCOMPARE(features(QStringList{"show", "--name", "t"} + place()).object()["ce_effect"].toDouble(), mine);
        QCOMPARE(features({"ce-effects", "--name", "t", "--windows", "0"}).code, 2);
    }

    void a_prompt_of_bytes_that_are_no_text_is_read() {
        QProcess process; // QProcess would make text of it
        process.setWorkingDirectory(folder_.path());
        process.start("/bin/sh", {"-c", QString("exec %1 --threads 1 --json features active --name t --prompt "
                                                "\"$(printf 'Once\\377\\376 upon\\342\\200')\"")
                                            .arg(TT_CLI)});
        const CliResult result = Cli::finish(process);
        QVERIFY2(result.code == 0, qPrintable(describe(result)));
        QByteArray bytes;
        for (const auto &token : result.object()["tokens"].toArray()) {
            bytes += token.toString().toUtf8();
            for (const auto &byte : token.toObject()["bytes"].toArray()) // of what is no text on its own
                bytes += static_cast<char>(byte.toInt());
        }
        QCOMPARE(bytes, QByteArray("Once\377\376 upon\342\200"));
    }

    void what_cannot_be_used_is_refused_in_words() {
        QCOMPARE(features({"show", "--name", "t", "--layer", "2", "--feature", "0"}).code, 2);
        QCOMPARE(features({"show", "--name", "t", "--layer", "0", "--feature", "64"}).code, 2);
        QCOMPARE(features({"search", "--name", "t", ""}).code, 2);
        cli_.write("workspace/transcoders/t/labels.json", "{\"features\": 3");
        const CliResult nonsense = features(QStringList{"show", "--name", "t"} + place());
        QCOMPARE(nonsense.code, 0);
        QVERIFY(nonsense.error().contains("labels.json"));
        QCOMPARE(cli_.read("workspace/transcoders/t/labels.json"), QByteArray("{\"features\": 3"));
        QByteArray index = cli_.read("workspace/transcoders/t/features.index");
        index[index.size() - 9] = static_cast<char>(index[index.size() - 9] ^ 1);
        cli_.write("workspace/transcoders/t/features.index", index);
        const CliResult edited = features(QStringList{"export", "--name", "t", "--out", "x.json"} + place());
        QCOMPARE(edited.code, 1);
        QVERIFY2(edited.error().contains("not what was written"), qPrintable(edited.error()));
        QVERIFY(features({"index", "--name", "t"}).object()["built"].toBool());
        QCOMPARE(features(QStringList{"export", "--name", "t", "--out", "x.json"} + place()).code, 0);
    }
};

QTEST_GUILESS_MAIN(TestCliFeatures)
#include "test_cli_features.moc"
