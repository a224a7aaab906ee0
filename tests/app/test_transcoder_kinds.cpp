// Every kind of transcoder through the command line: trained, read again, in features, graphs and interventions.

#include "app/cli_runner.h"

#include <cmath>

using namespace tt::test;

#define VERIFY_RUN(result, expected) QVERIFY2((result).code == (expected), qPrintable(describe(result)))

class TestTranscoderKinds : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void every_kind_trains_and_is_explained_data();
    void every_kind_trains_and_is_explained();
    void impossible_shapes_are_refused_data();
    void impossible_shapes_are_refused();

private:
    QTemporaryDir folder_;
    std::unique_ptr<Cli> cli_;
};

void TestTranscoderKinds::initTestCase() {
    QVERIFY(folder_.isValid());
    cli_ = std::make_unique<Cli>(folder_.path());
    QVERIFY(makeCorpus(*cli_));
    VERIFY_RUN(cli_->run(QStringList{"gpt", "train", "--run", "g", "--quiet"} + tinyGpt(30)), 0);
}

void TestTranscoderKinds::every_kind_trains_and_is_explained_data() {
    QTest::addColumn<QStringList>("options");
    for (const char *kind : {"per-layer", "cross-layer"})
        for (const char *activation :
             {"topk", "batchtopk", "jumprelu", "relu"}) { // each activation with skip in one kind, without in the other
            const bool perLayer = QString(kind) == "per-layer", topk = QString(activation).contains("topk");
            const QString skip = perLayer == topk ? "no" : "yes";
            QTest::addRow("%s %s, skip %s", kind, activation, qPrintable(skip))
                << QStringList{"--kind", kind, "--activation", activation, "--set", "skip=" + skip};
        }
}

void TestTranscoderKinds::every_kind_trains_and_is_explained() {
    QFETCH(QStringList, options);
    const QString name = options.mid(1, 1).first() + "-" + options.at(3);
    const auto trained =
        cli_->run(QStringList{"--json", "transcoder", "train", "--name", name} + tinyTranscoder(40) + options);
    VERIFY_RUN(trained, 0);
    const auto evaluated = cli_->run({"--json", "transcoder", "eval", "--name", name});
    VERIFY_RUN(evaluated, 0);
    for (const auto &layer : evaluated.object()["layers"].toArray())
        QVERIFY(layer.toObject()["fvu"].toDouble() < 1 && layer.toObject()["l0"].toDouble() > 0);
    const QStringList prompt{"--name", name, "--prompt", "Once upon a time"};
    const auto features = cli_->run(QStringList{"--json", "features", "active"} + prompt);
    VERIFY_RUN(features, 0);
    const auto active = features.object()["active"].toArray();
    QVERIFY(!active.isEmpty());
    const auto verified = cli_->run(QStringList{"--json", "graph", "verify", "--samples", "20"} + prompt);
    VERIFY_RUN(verified, 0);
    QVERIFY2(verified.object()["pass"].toBool() && verified.object()["checked"].toInt() > 0, verified.out.constData());
    QJsonObject last; // at the last position, so that the next token's distribution sees it
    for (const auto &each : active)
        if (each.toObject()["position"].toInt() >= last["position"].toInt())
            last = each.toObject();
    const QString feature =
        QString("%1/%2/%3").arg(last["layer"].toInt()).arg(last["position"].toInt()).arg(last["feature"].toInt());
    const auto changed = cli_->run(QStringList{"--json", "intervene", "--set", feature + "=1000"} + prompt);
    VERIFY_RUN(changed, 0);
    QVERIFY(std::isfinite(changed.object()["kl"].toDouble()) && changed.object()["kl"].toDouble() > 0);
}

void TestTranscoderKinds::impossible_shapes_are_refused_data() {
    QTest::addColumn<QStringList>("options");
    QTest::addColumn<QString>("says");
    QTest::newRow("k above the features")
        << QStringList{"--features", "4", "--k", "8"} << "at most the number of features";
    QTest::newRow("no features") << QStringList{"--features", "0"} << "Features";
    QTest::newRow("no k") << QStringList{"--k", "0"} << "k must be";
    QTest::newRow("unknown kind") << QStringList{"--kind", "diagonal"} << "per-layer, cross-layer";
    QTest::newRow("unknown activation") << QStringList{"--activation", "gelu"} << "topk, batchtopk, jumprelu, relu";
    QTest::newRow("penalty below 0") << QStringList{"--set", "penalty=-1"} << "Penalty";
}

void TestTranscoderKinds::impossible_shapes_are_refused() {
    QFETCH(QStringList, options);
    QFETCH(QString, says);
    const auto refused = cli_->run(QStringList{"transcoder", "train", "--name", "never"} + options);
    VERIFY_RUN(refused, 2);
    QVERIFY2(refused.error().contains(says), qPrintable(refused.error()));
    QVERIFY(!QFile::exists(cli_->path("workspace/transcoders/never")));
}

QTEST_APPLESS_MAIN(TestTranscoderKinds)
#include "test_transcoder_kinds.moc"
