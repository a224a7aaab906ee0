#include "fail_on_warning.h"

#include "ui/theme.h"
#include "ui/train/chart_lines.h"
#include "ui/train/chart_panel.h"
#include "ui/train/number_text.h"
#include "ui/train/training_plot.h"

#include <QCheckBox>
#include <QElapsedTimer>
#include <QSignalSpy>
#include <QtTest>

#include <algorithm>
#include <cmath>
#include <random>

using namespace tt;

namespace {

/// A loss that falls from about 8 to 2 with noise, steps begin … end − 1 of `steps`.
std::vector<TrainingPoint> lossPoints(int64_t begin, int64_t end, int64_t steps) {
    std::mt19937_64 random(7);
    std::normal_distribution<double> noise(0, 0.05);
    std::vector<TrainingPoint> points;
    for (int64_t step = begin; step < end; ++step) {
        const double share = static_cast<double>(step) / static_cast<double>(steps);
        points.push_back(
            {.step = step, .steps = steps, .values = {{"train_loss", 2 + 6 * std::exp(-8 * share) + noise(random)}}});
        if (step % 50 == 0)
            points.back().values.emplace_back("val_loss", 2.1 + 6 * std::exp(-8 * share));
    }
    return points;
}

TrainingPoint lossPoint(int64_t step, double loss) {
    return {.step = step, .steps = 1000, .values = {{"train_loss", loss}}};
}

std::vector<PlotLine> lossLines(const std::shared_ptr<TrainingHistory> &history) {
    return chartLines(Chart::Loss, {{1, QStringLiteral("bedtime-2"), true, -1, history}});
}

/// Takes over the new points and waits for the curves to be drawn.
void replot(TrainingPlot &plot) {
    const int64_t before = plot.replots();
    plot.replotNow();
    while (plot.replots() == before)
        QCoreApplication::processEvents();
}

/// Milliseconds of the fastest of five replots.
double replotMilliseconds(TrainingPlot &plot) {
    double best = 1e9;
    for (int i = 0; i < 5; ++i) {
        QElapsedTimer timer;
        timer.start();
        replot(plot);
        best = std::min(best, static_cast<double>(timer.nsecsElapsed()) * 1e-6);
    }
    return best;
}

} // namespace

class TestTrainingPlot : public QObject {
    Q_OBJECT
    FailOnWarning failOnWarning_;

private Q_SLOTS:
    void initTestCase() { applyTheme(*qApp); }

    void smoothing_is_the_bias_corrected_average() {
        const std::vector<double> values{8, 4, 6, 5, 3, 3.5, 2};
        TrainingHistory history;
        for (size_t i = 0; i < values.size(); ++i)
            history.append({lossPoint(static_cast<int64_t>(i) + 1, values[i])});
        const Curve &curve = *history.curve("train_loss");
        for (size_t n = 0; n < values.size(); ++n) { // Σ βⁿ⁻ⁱ xᵢ / Σ βⁿ⁻ⁱ, the closed form
            double sum = 0, weights = 0;
            for (size_t i = 0; i <= n; ++i) {
                const double weight = std::pow(0.9, static_cast<double>(n - i));
                sum += weight * values[i];
                weights += weight;
            }
            QVERIFY2(std::abs(curve.smoothed[n] - sum / weights) < 1e-12, qPrintable(QString::number(n)));
        }
    }

    /// Records count, not steps: a run may tell of every tenth step only.
    void the_switch_says_over_how_many_values_it_smooths() {
        ChartPanel panel(RunRow::Kind::Gpt);
        QString said;
        for (const QCheckBox *box : panel.findChildren<QCheckBox *>())
            if (box->text() == QStringLiteral("smooth"))
                said = box->toolTip();
        const int weighed = qRound(1 / (1 - TrainingHistory::smoothing)); // Σ βⁿ
        QVERIFY2(said.contains(QStringLiteral("about %1 recorded values").arg(weighed)), qPrintable(said));
    }

    void going_back_to_a_checkpoint_replaces_what_came_after() {
        TrainingHistory straight, resumed;
        const std::vector<TrainingPoint> first = lossPoints(1, 41, 100), again = lossPoints(21, 61, 100);
        resumed.append(first);
        const int revision = resumed.revision();
        resumed.append(again);
        straight.append({first.begin(), first.begin() + 20});
        straight.append(again);
        QVERIFY(resumed.revision() != revision);
        QCOMPARE(resumed.curve("train_loss")->values, straight.curve("train_loss")->values);
        const auto &a = resumed.curve("train_loss")->smoothed, &b = straight.curve("train_loss")->smoothed;
        QCOMPARE(a.size(), size_t(60));
        QVERIFY(std::equal(a.begin(), a.end(), b.begin(), [](double x, double y) { return std::abs(x - y) < 1e-12; }));
    }

    void points_appear_as_they_arrive() {
        auto history = std::make_shared<TrainingHistory>();
        TrainingPlot plot;
        plot.resize(500, 260);
        plot.show();
        plot.setLines(lossLines(history));
        QCOMPARE(plot.shownPoints(0), 0);
        history->append(lossPoints(1, 101, 1000));
        plot.refresh();
        QTRY_COMPARE(plot.shownPoints(0), 100);
        QCOMPARE(plot.shownPoints(1), 2); // validation at 50 and 100
        history->append(lossPoints(101, 151, 1000));
        plot.refresh();
        QTRY_COMPARE(plot.shownPoints(0), 150);
        QCOMPARE(plot.stepRange().upper, 1000.0);
    }

    void a_storm_of_points_is_drawn_at_most_thirty_times_a_second() {
        auto history = std::make_shared<TrainingHistory>();
        TrainingPlot plot;
        plot.resize(500, 260);
        plot.show();
        plot.setLines(lossLines(history));
        QTest::qWait(100);
        const int64_t before = plot.replots();
        QElapsedTimer timer;
        timer.start();
        for (int64_t step = 1; timer.elapsed() < 1000; ++step) {
            history->append({lossPoint(step, 3)});
            plot.refresh();
            QCoreApplication::processEvents();
        }
        const int64_t drawn = plot.replots() - before;
        QVERIFY2(drawn >= 5 && drawn <= 32, qPrintable(QString::number(drawn)));
    }

    void values_never_narrow_while_running() {
        for (const bool logarithmic : {false, true}) {
            auto history = std::make_shared<TrainingHistory>();
            TrainingPlot plot;
            plot.setLogarithmic(logarithmic);
            plot.setRunning(true);
            plot.setLines(lossLines(history));
            TrainingPlot::Range last;
            for (int64_t step = 1; step <= 300; ++step) {
                // Wild at first, then calm; half way back to a checkpoint, which takes the wildest values away.
                history->append({lossPoint(step == 150 ? 100 : step,
                                           step < 120 ? 5 + 4 * std::sin(static_cast<double>(step)) : 4)});
                if (step == 150)
                    history->append({lossPoint(2, 4)});
                plot.replotNow();
                const TrainingPlot::Range now = plot.valueRange();
                if (step > 1)
                    QVERIFY(now.lower <= last.lower && now.upper >= last.upper);
                QVERIFY(now.lower <= 4 || step < 120);
                last = now;
            }
        }
    }

    void zooming_stops_following_until_reset() {
        auto history = std::make_shared<TrainingHistory>();
        history->append(lossPoints(1, 200, 1000));
        TrainingPlot plot;
        plot.resize(500, 260);
        plot.show();
        plot.setLines(lossLines(history));
        plot.replotNow();
        QTest::keyClick(&plot, Qt::Key_Plus);
        QVERIFY(!plot.isFollowing());
        const double zoomed = plot.stepRange().upper - plot.stepRange().lower;
        QVERIFY(zoomed < 1000);
        history->append(lossPoints(200, 400, 1000));
        plot.replotNow();
        QCOMPARE(plot.stepRange().upper - plot.stepRange().lower, zoomed);
        QTest::keyClick(&plot, Qt::Key_Home);
        plot.replotNow();
        QVERIFY(plot.isFollowing());
        QCOMPARE(plot.stepRange().lower, 0.0);
        QCOMPARE(plot.stepRange().upper, 1000.0);
    }

    void the_cursor_reads_the_measured_steps() {
        auto history = std::make_shared<TrainingHistory>();
        history->append(lossPoints(1, 200, 1000));
        TrainingPlot plot;
        plot.setLines(lossLines(history));
        const auto validation = plot.reading(plot.lines().at(1), 88);
        QVERIFY(validation);
        QCOMPARE(validation->step, 100.0);
        QCOMPARE(validation->value, *lossPoints(100, 101, 1000).front().value("val_loss"));
        plot.setSmoothed(false);
        QCOMPARE(plot.reading(plot.lines().at(0), 88)->value, history->curve("train_loss")->values[87]);
    }

    void layers_of_a_transcoder_are_lines_of_their_own() {
        auto history = std::make_shared<TrainingHistory>();
        history->append({{.step = 1,
                          .steps = 10,
                          .values = {{"train_fvu_0", 1},
                                     {"train_fvu_1", 1},
                                     {"fvu_0", 0.9},
                                     {"fvu_1", 0.95},
                                     {"l0_0", 16},
                                     {"l0_1", 15},
                                     {"dead_0", 0.01},
                                     {"dead_1", 0.02},
                                     {"ce_recovered", 0.5}}}});
        const std::vector<PlottedRun> runs{{1, QStringLiteral("plt-k16"), true, -1, history}};
        QCOMPARE(chartLines(Chart::Fvu, runs).size(), size_t(4)); // curve and markers of each
        QCOMPARE(chartLines(Chart::L0, runs).size(), size_t(2));
        QCOMPARE(chartLines(Chart::CeRecovered, runs).size(), size_t(1));
        QCOMPARE(
            chartSummary(RunRow::Kind::Transcoder, runs),
            QStringLiteral("plt-k16: step 1 of 10, layer 0 FVU 0.900, layer 1 FVU 0.950, L0 16.0, 15.0, dead 1.0 %, "
                           "2.0 %, CE recovered 0.500"));
    }

    void a_million_points_cost_little_more_than_ten_thousand() {
        const auto measure = [](int64_t count) {
            auto history = std::make_shared<TrainingHistory>();
            TrainingPlot plot;
            plot.resize(600, 260);
            plot.show();
            plot.setLines(lossLines(history));
            plot.setLogarithmic(true);
            history->append(lossPoints(1, count + 1, count));
            QElapsedTimer timer;
            timer.start();
            replot(plot);
            const double filled = static_cast<double>(timer.nsecsElapsed()) * 1e-6, still = replotMilliseconds(plot);
            double appended = 1e9; // the fastest of many: now and then a vector of the plot moves to make room
            for (int i = 1; i <= 10; ++i) {
                history->append({lossPoint(count + i, 2)});
                timer.restart();
                replot(plot);
                appended = std::min(appended, static_cast<double>(timer.nsecsElapsed()) * 1e-6);
            }
            qInfo("%lld points: first replot %.2f ms, again %.2f ms, with one more point %.2f ms",
                  static_cast<long long>(count), filled, still, appended);
            return std::pair(still, appended);
        };
        const auto [small, smallAppend] = measure(10'000);
        const auto [large, largeAppend] = measure(1'000'000);
        QVERIFY2(large < 12 * small, "a hundred times the points must not cost anything like a hundred times");
        QVERIFY2(largeAppend < 2 * large, "one more point must not fill the plot anew");
        QVERIFY(smallAppend < 2 * small + 1);
    }

    void figures_read_as_designed_data() {
        QTest::addColumn<QString>("shown");
        QTest::addColumn<QString>("wanted");
        QTest::newRow("loss") << figureText(2.2249) << QStringLiteral("2.22");
        QTest::newRow("fvu") << figureText(0.1341) << QStringLiteral("0.134");
        QTest::newRow("rate") << figureText(4e-4) << QStringLiteral("4.0e-4");
        QTest::newRow("speed") << figureText(7899.6) << QStringLiteral("7,900");
        QTest::newRow("learning rate") << realText(1e-3) << QStringLiteral("1.0e-3");
        QTest::newRow("exact") << realText(1.25e-4) << QStringLiteral("1.25e-4");
        QTest::newRow("plain") << realText(0.95) << QStringLiteral("0.95");
        QTest::newRow("share") << percentText(0.012) << QStringLiteral("1.2 %");
        QTest::newRow("left") << durationText(373) << QStringLiteral("6 min 13 s");
        QTest::newRow("done") << roundedDurationText(601) << QStringLiteral("10 min");
    }
    void figures_read_as_designed() {
        QFETCH(QString, shown);
        QTEST(shown, "wanted");
    }
};

QTEST_MAIN(TestTrainingPlot)
#include "test_training_plot.moc"
