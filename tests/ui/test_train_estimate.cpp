#include "fail_on_warning.h"
#include "train_sample.h"

#include "ui/theme.h"
#include "ui/train/estimate_text.h"
#include "ui/train/train_place.h"

#include <QAbstractItemView>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QSignalSpy>
#include <QtTest>

using namespace tt;

namespace {

EstimateState known() {
    return {.state = EstimateState::State::Known,
            .estimate = {.seconds = 600,
                         .tokensPerSecond = 13'400,
                         .memoryBytes = 0.6e9,
                         .diskBytes = 45e6,
                         .diskPeakBytes = 90e6,
                         .freeMemory = 8e9,
                         .freeDisk = 80e9,
                         .threads = 1,
                         .hardwareThreads = 2}};
}

struct Place {
    TrainPlace place;
    Place() {
        place.resize(1184, 696);
        place.setWorkspace(sample::workspace());
    }
    template <class Widget>
    Widget *named(const QString &name) {
        for (Widget *widget : place.findChildren<Widget *>())
            if (widget->accessibleName() == name)
                return widget;
        return nullptr;
    }
    bool shows(const QString &text) {
        const auto labels = place.findChildren<QLabel *>();
        return std::any_of(labels.begin(), labels.end(), [&](const QLabel *label) {
            return label->isVisibleTo(&place) && label->text().contains(text);
        });
    }
    void type(const QString &name, const QString &text) {
        auto *edit = named<QWidget>(name)->findChild<QLineEdit *>();
        edit->selectAll();
        QTest::keyClick(edit, Qt::Key_Delete);
        QTest::keyClicks(edit, text);
    }
};

} // namespace

class TestTrainEstimate : public QObject {
    Q_OBJECT
    FailOnWarning failOnWarning_;

private Q_SLOTS:
    void initTestCase() { applyTheme(*qApp); }

    void an_estimate_is_one_sentence_data() {
        QTest::addColumn<int>("runs");
        QTest::addColumn<int>("threads");
        QTest::addColumn<QString>("text");
        QTest::newRow("alone") << 0 << 0 << QStringLiteral("<b>About 10 min</b>, 600 MB memory, 45 MB disk");
        QTest::newRow("beside one on the other core")
            << 1 << 1 << QStringLiteral("<b>About 10 min</b> beside 1 run, 600 MB memory, 45 MB disk");
        QTest::newRow("beside two on two cores")
            << 2 << 2 << QStringLiteral("<b>About 15 min</b> beside 2 runs (10 min alone), 600 MB memory, 45 MB disk");
    }
    void an_estimate_is_one_sentence() {
        QFETCH(int, runs);
        QFETCH(int, threads);
        const EstimateText text = estimateText(known(), runs, threads);
        QTEST(text.text, "text");
        QVERIFY(!text.warning);
        QVERIFY(text.details.contains(QStringLiteral("13,400 tokens/s on 1 of 2 threads")));
    }

    void a_transcoders_says_where_activations_are_kept() {
        EstimateState state = known();
        state.estimate.activations = {
            .source = ActivationSource::Memory, .bytes = 4'700'000'000, .why = "They are kept in memory."};
        const EstimateText text = estimateText(state, 0, 0);
        QVERIFY(text.text.endsWith(QStringLiteral("45 MB disk; activations in memory: 4.7 GB")));
        QVERIFY(text.details.contains(QStringLiteral("They are kept in memory.")));
        state.estimate.activations->source = ActivationSource::Disk;
        QVERIFY(estimateText(state, 0, 0).text.endsWith(QStringLiteral("; activations on disk: 4.7 GB")));
    }

    void what_will_not_suffice_stands_first_and_start_stays_on() {
        EstimateState state = known();
        state.estimate.warnings = {"It needs about 9.0 GB of memory; 8.0 GB are free."};
        const EstimateText text = estimateText(state, 0, 0);
        QVERIFY(text.warning && text.text.startsWith(QStringLiteral("It needs about 9.0 GB")));
        Place p;
        p.place.show();
        p.place.setEstimate(RunRow::Kind::Gpt, state);
        QVERIFY(p.shows(QStringLiteral("It needs about 9.0 GB of memory")));
        QVERIFY(p.named<QPushButton>(QStringLiteral("Start GPT training"))->isEnabled());
    }

    void the_forms_ask_while_they_are_seen_and_could_start() {
        Place p;
        QSignalSpy gpt(&p.place, &TrainPlace::gptEstimateRequested),
            transcoder(&p.place, &TrainPlace::transcoderEstimateRequested);
        QCOMPARE(gpt.count(), 0);
        p.place.show();
        QCOMPARE(gpt.count(), 1);
        QCOMPARE(transcoder.count(), 1);
        p.type(QStringLiteral("Steps"), QStringLiteral("77"));
        QCOMPARE(gpt.last()[0].value<GptTrainingConfig>().steps, 77);
        QCOMPARE(transcoder.count(), 1);
        const qsizetype before = gpt.count();
        p.type(QStringLiteral("Steps"), QStringLiteral("0")); // no run could start
        QCOMPARE(gpt.count(), before);
    }

    void the_answer_and_the_measuring_show_below_the_fields() {
        Place p;
        p.place.show();
        p.place.setEstimate(RunRow::Kind::Transcoder, {.state = EstimateState::State::Measuring});
        QVERIFY(p.shows(QStringLiteral("Measuring a few steps of this shape…")));
        p.place.setEstimate(RunRow::Kind::Transcoder, known());
        QVERIFY(p.shows(QStringLiteral("About 10 min")));
        std::vector<RunRow> runs = sample::runs(); // two of them train
        for (RunRow &run : runs)
            run.threads = 1;
        p.place.setRuns(runs);
        QVERIFY(p.shows(QStringLiteral("beside 2 runs (10 min alone)")));
    }

    void a_value_that_cannot_be_is_set_right_by_the_link() {
        Place p;
        p.place.show();
        p.type(QStringLiteral("k, transcoder"), QStringLiteral("5000"));
        auto *link = p.named<QPushButton>(QStringLiteral("Set k to 16"));
        QVERIFY(link && link->isVisible());
        link->click();
        QVERIFY(p.named<QPushButton>(QStringLiteral("Start transcoder training"))->isEnabled());
        QVERIFY(p.place.commandLine().startsWith(QStringLiteral("tinytranscoder-cli")));
        QVERIFY(!link->isVisible());
    }

    void duplicated_settings_fill_the_form() {
        Place p;
        std::vector<RunRow> runs = sample::runs();
        GptTrainingConfig config = GptTrainingConfig::fromPreset("small");
        config.steps = 4321;
        config.corpus = "tinystories-valid";
        config.model.tokenizer = "gpt2";
        config.model.vocabSize = 50257;
        runs[2].settings = toJson(config);
        p.place.setRuns(runs);
        p.place.show();
        auto *table = p.named<QWidget>(QStringLiteral("Runs"));
        auto *view = qobject_cast<QAbstractItemView *>(table);
        view->setCurrentIndex(view->model()->index(2, 1));
        QTest::keyClick(view, Qt::Key_D, Qt::ControlModifier);
        QCOMPARE(p.named<QLineEdit>(QStringLiteral("Name"))->text(), QStringLiteral("stories-tiny-2"));
        QSignalSpy started(&p.place, &TrainPlace::startGptRequested);
        QTest::mouseClick(p.named<QPushButton>(QStringLiteral("Start GPT training")), Qt::LeftButton);
        QCOMPARE(started.count(), 1);
        QVERIFY(started[0][1].value<GptTrainingConfig>() == config);
    }
};

QTEST_MAIN(TestTrainEstimate)
#include "test_train_estimate.moc"
