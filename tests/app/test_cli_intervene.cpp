// The command intervene on a tiny model: what scripts read from it, checked against the other commands.

#include "app/cli_runner.h"

#include <cmath>

using namespace tt::test;

#define VERIFY_RUN(result, expected) QVERIFY2((result).code == (expected), qPrintable(describe(result)))

class TestCliIntervene : public QObject {
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void an_intervention_gives_its_keys_and_moves_the_prediction();
    void setting_a_feature_to_its_own_value_changes_nothing();
    void a_list_written_and_read_back_does_the_same();
    void a_steered_text_differs_and_the_unsteered_is_that_of_generate();
    void direct_effects_are_the_edges_of_the_graph();
    void effects_rank_by_what_was_measured();
    void demonstrations_are_found_by_search();
    void positions_are_reported_on_demand();
    void mistakes_give_one_line_and_a_code_data();
    void mistakes_give_one_line_and_a_code();

private:
    [[nodiscard]] QJsonObject json(const QStringList &arguments) const {
        const CliResult result = cli_->run(QStringList{"--json", "--quiet"} + arguments);
        if (result.code != 0)
            qFatal("%s", qPrintable(describe(result)));
        return result.object();
    }
    [[nodiscard]] QJsonObject intervene(const QStringList &arguments) const {
        return json(QStringList{"intervene", "--prompt", "Once upon a"} + arguments);
    }
    /// The strongest feature at the last position in a layer, as "L/2/F".
    [[nodiscard]] QJsonObject strongest(int layer) const {
        const QJsonObject &found = active_;
        const int last = static_cast<int>(found["tokens"].toArray().size()) - 1;
        for (const QJsonValue &value : found["active"].toArray())
            if (value["position"].toInt() == last && value["layer"].toInt() == layer)
                return value.toObject();
        qFatal("nothing is active");
    }
    [[nodiscard]] static QString place(const QJsonObject &feature) {
        return QString("%1/%2/%3")
            .arg(feature["layer"].toInt())
            .arg(feature["position"].toInt())
            .arg(feature["feature"].toInt());
    }
    QTemporaryDir folder_;
    QJsonObject active_; ///< of "Once upon a"
    std::unique_ptr<Cli> cli_;
};

void TestCliIntervene::initTestCase() {
    cli_ = std::make_unique<Cli>(folder_.path());
    QVERIFY(makeCorpus(*cli_));
    VERIFY_RUN(cli_->run(QStringList{"gpt", "train", "--run", "g", "--quiet"} + tinyGpt(30)), 0);
    VERIFY_RUN(cli_->run(QStringList{"transcoder", "train", "--name", "t", "--quiet"} + tinyTranscoder(20)), 0);
    active_ = json({"features", "active", "--prompt", "Once upon a"});
}

void TestCliIntervene::an_intervention_gives_its_keys_and_moves_the_prediction() {
    const QJsonObject clean = json({"gpt", "logits", "--prompt", "Once upon a", "--top", "10"});
    const QJsonArray expected = clean["positions"].toArray().last()["top"].toArray();
    const QJsonObject result =
        intervene({"--scale", place(strongest(1)) + "=4000"}); // its decoder has hardly begun to grow
    const QJsonArray before = result["before"].toArray(), after = result["after"].toArray();
    QCOMPARE(before.size(), 10);
    QCOMPARE(after.size(), 10);
    for (int i = 0; i < 10; ++i) {
        QCOMPARE(before[i]["id"].toInt(), expected[i]["id"].toInt());
        QVERIFY(std::abs(before[i]["p"].toDouble() - expected[i]["p"].toDouble()) < 1e-6);
    }
    QVERIFY(result["kl"].toDouble() > 0);
    QVERIFY(before != after);
    QCOMPARE(result["target"]["id"].toInt(), before[0]["id"].toInt());
    QVERIFY(!result.contains("text_before"));
}

void TestCliIntervene::setting_a_feature_to_its_own_value_changes_nothing() {
    QStringList own;
    for (const QJsonObject &feature : {strongest(0), strongest(1)})
        own << "--set" << place(feature) + "=" + QString::number(feature["activation"].toDouble(), 'g', 17);
    for (const char *mode : {"free", "frozen-attention", "direct"}) {
        const QJsonObject result = intervene(QStringList{"--mode", mode} + own);
        QCOMPARE(result["after"], result["before"]);
        QVERIFY(result["kl"].toDouble() < 1e-9);
        QCOMPARE(result["target"]["logit_change"].toDouble(), 0.0);
    }
}

void TestCliIntervene::a_list_written_and_read_back_does_the_same() {
    const QStringList rows{"--set", "0/last/3=2.5", "--ablate", place(strongest(0)), "--add", "1/all/5=-1"};
    const QJsonObject direct = intervene(rows + QStringList{"--mode", "frozen-attention", "--out", "l.json", "l.csv"});
    const QJsonObject read = json({"intervene", "--list", "l.json"});
    for (const char *key : {"prompt", "mode", "before", "after", "kl", "target"})
        QCOMPARE(read[key], direct[key]);
    QCOMPARE(cli_->read("l.csv").count('\n'), 4);
    QVERIFY(cli_->read("l.csv").startsWith("layer,feature,position,action,value,enabled\n"));
}

void TestCliIntervene::a_steered_text_differs_and_the_unsteered_is_that_of_generate() {
    const QStringList sampling{"--tokens", "24", "--temperature", "0.8", "--seed", "5"};
    const QJsonObject result = intervene(sampling + QStringList{"--add", "0/all/3=3000"});
    const QJsonObject plain = json(QStringList{"gpt", "generate", "--prompt", "Once upon a"} + sampling);
    QCOMPARE(result["text_before"], plain["text"]);
    QVERIFY(result["text_after"].toString().startsWith("Once upon a"));
    QVERIFY(result["text_after"] != result["text_before"]);
    QCOMPARE(intervene(sampling + QStringList{"--add", "0/all/3=0"})["text_after"], plain["text"]);
    // Generated tokens only: the prompt's own prediction stays.
    const QJsonObject later = intervene(sampling + QStringList{"--add", "0/generated/3=3000"});
    QCOMPARE(later["after"], later["before"]);
    QVERIFY(later["text_after"] != later["text_before"]);
}

void TestCliIntervene::direct_effects_are_the_edges_of_the_graph() {
    const QJsonObject scan = json({"intervene", "effects", "--prompt", "Once upon a", "--mode", "direct"});
    QVERIFY(!scan["effects"].toArray().isEmpty());
    for (const QJsonValue &effect : scan["effects"].toArray())
        QVERIFY(std::abs(effect["measured"].toDouble() - effect["direct"].toDouble()) <= 5e-4);
    // The same edge as graph trace writes it: ablating takes away what the edge brings.
    const QString target = QString("id:%1").arg(scan["target"]["id"].toInt());
    VERIFY_RUN(
        cli_->run({"graph", "trace", "--prompt", "Once upon a", "--target", target, "--no-prune", "--out", "g.json"}),
        0);
    const QJsonObject graph = QJsonDocument::fromJson(cli_->read("g.json")).object();
    const QJsonObject strongestEffect = scan["effects"][0].toObject();
    const QString source = QString("%1_%2_%3")
                               .arg(strongestEffect["layer"].toInt())
                               .arg(strongestEffect["feature"].toInt())
                               .arg(strongestEffect["position"].toInt());
    double weight = 0;
    for (const QJsonValue &link : graph["links"].toArray())
        if (link["source"].toString() == source && !link["target"].toString().startsWith("0_") &&
            !link["target"].toString().startsWith("1_"))
            weight = link["weight"].toDouble();
    QVERIFY(std::abs(weight + strongestEffect["measured"].toDouble()) <= 5e-4);
}

void TestCliIntervene::effects_rank_by_what_was_measured() {
    const QJsonObject scan = json({"intervene", "effects", "--prompt", "Once upon a"});
    const QJsonArray effects = scan["effects"].toArray();
    QCOMPARE(effects.size() + scan["unreachable"].toInt(), active_["active"].toArray().size());
    QCOMPARE(scan["ablations"].toInt(), static_cast<int>(effects.size()));
    for (int i = 1; i < effects.size(); ++i)
        QVERIFY(std::abs(effects[i]["measured"].toDouble()) <= std::abs(effects[i - 1]["measured"].toDouble()));
    for (int i = 0; i < std::min<int>(2, static_cast<int>(effects.size())); ++i) {
        const QJsonObject alone = intervene({"--ablate", place(effects[i].toObject())});
        QVERIFY(std::abs(alone["target"]["logit_change"].toDouble() - effects[i]["measured"].toDouble()) < 1e-4);
    }
}

void TestCliIntervene::demonstrations_are_found_by_search() {
    const CliResult result = cli_->run({"--json", "intervene", "demonstrate"});
    VERIFY_RUN(result, 0);
    const QJsonArray demonstrations = result.json().array();
    QCOMPARE(demonstrations.size(), 2);
    for (const QJsonValue &each : demonstrations) {
        if (!each["found"].toBool()) {
            QVERIFY(!each["why"].toString().isEmpty());
            continue;
        }
        const QString row = QString("%1/last/%2=%3")
                                .arg(each["layer"].toInt())
                                .arg(each["feature"].toInt())
                                .arg(each["value"].toDouble());
        const QString word = each["target"].isObject() ? each["target"]["text"].toString() : each["target"].toString();
        const QJsonObject again =
            json({"intervene", "--prompt", each["prompt"].toString(), "--set", row, "--target", "token:" + word});
        QVERIFY(std::abs(again["target"]["p_after"].toDouble() - each["p_after"].toDouble()) < 1e-6);
        QVERIFY(each["direct"].toDouble() > 0);
    }
}

void TestCliIntervene::positions_are_reported_on_demand() {
    const QJsonArray positions = intervene({"--positions", "--set", "0/1/3=9"})["positions"].toArray();
    QVERIFY(positions.size() >= 3);
    QCOMPARE(positions[0]["kl"].toDouble(), 0.0); // before the change
    QVERIFY(positions[1]["kl"].toDouble() > 0);
}

void TestCliIntervene::mistakes_give_one_line_and_a_code_data() {
    QTest::addColumn<QStringList>("arguments");
    QTest::addColumn<QString>("text");
    const QStringList prompt{"--prompt", "Once upon a"};
    QTest::newRow("no prompt") << QStringList{"--ablate", "0/0/0"} << "The prompt is empty";
    QTest::newRow("layer") << prompt + QStringList{"--ablate", "7/0/0"} << "There is no layer 7";
    QTest::newRow("value") << prompt + QStringList{"--set", "0/0/0=1e12"} << "too large";
    QTest::newRow("mode") << prompt + QStringList{"--mode", "loose"} << "There is no mode";
    QTest::newRow("token") << prompt + QStringList{"--target", "id:100000"} << "There is no token";
    QTest::newRow("export") << prompt + QStringList{"--out", "l.txt"} << ".json or .csv";
}

void TestCliIntervene::mistakes_give_one_line_and_a_code() {
    QFETCH(QStringList, arguments);
    QFETCH(QString, text);
    const CliResult result = cli_->run(QStringList{"intervene"} + arguments);
    VERIFY_RUN(result, 2);
    QVERIFY2(result.error().contains(text), qPrintable(describe(result)));
    QCOMPARE(result.error().count('\n'), 0);
    QVERIFY(result.out.isEmpty());
}

QTEST_GUILESS_MAIN(TestCliIntervene)
#include "test_cli_intervene.moc"
