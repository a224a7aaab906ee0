#include "fail_on_warning.h"
#include "train_sample.h"

#include "core/train/transcoder_evaluation.h"
#include "ui/theme.h"
#include "ui/train/chart_panel.h"
#include "ui/train/density_chart.h"
#include "ui/train/plot_export.h"
#include "ui/train/plot_menu.h"

#include <QGraphicsTextItem>
#include <QSignalSpy>
#include <QSvgRenderer>
#include <QTabBar>
#include <QTemporaryDir>
#include <QToolButton>
#include <QXmlStreamReader>
#include <QtTest>

using namespace tt;

namespace {

std::shared_ptr<TrainingHistory> gptHistory() {
    auto history = std::make_shared<TrainingHistory>();
    history->append(sample::gptPoints(640, 1000, 1.95, 1));
    return history;
}

struct Panel {
    ChartPanel panel{RunRow::Kind::Gpt};
    std::shared_ptr<TrainingHistory> history = gptHistory();
    QTemporaryDir folder;
    Panel() {
        panel.resize(500, 320);
        panel.show();
        panel.setRuns({{1, QStringLiteral("bedtime-2"), true, -1, history}});
        panel.plot().replotNow();
    }
    QString file(const char *name) { return folder.filePath(QString::fromLatin1(name)); }
};

TrainingPoint densities(int64_t step, int bin) {
    TrainingPoint point{.step = step, .steps = 100};
    for (int layer = 0; layer < 2; ++layer)
        for (int i = 0; i < DensityHistogram::bins; ++i)
            point.values.emplace_back("density_" + std::to_string(layer) + "_" + std::to_string(i),
                                      i == bin + layer ? 0.7 : 0.01);
    return point;
}

} // namespace

class TestPlotExport : public QObject {
    Q_OBJECT
    FailOnWarning failOnWarning_;

private Q_SLOTS:
    void initTestCase() { applyTheme(*qApp); }

    void the_svg_is_one_and_names_the_axis() {
        Panel p;
        QSignalSpy done(p.panel.menus().front(), &PlotMenu::exported);
        p.panel.menus().front()->exportTo(p.file("loss.svg"));
        QCOMPARE(done.count(), 1);
        QVERIFY(QSvgRenderer(p.file("loss.svg")).isValid());
        QFile file(p.file("loss.svg"));
        QVERIFY(file.open(QIODevice::ReadOnly));
        QXmlStreamReader xml(&file);
        int lines = 0;
        QStringList texts;
        while (!xml.atEnd()) {
            xml.readNext();
            if (!xml.isStartElement())
                continue;
            if (xml.name() == QLatin1String("polyline") || xml.name() == QLatin1String("path"))
                ++lines;
            if (xml.name() == QLatin1String("text"))
                texts.append(xml.readElementText().trimmed());
        }
        QVERIFY2(!xml.hasError(), qPrintable(xml.errorString()));
        QVERIFY(lines > 3); // curves as lines, not as a picture
        QVERIFY(texts.contains(QStringLiteral("step")) && texts.contains(QStringLiteral("1,000")));
    }

    void the_png_has_twice_the_size_and_something_drawn() {
        Panel p;
        p.panel.menus().front()->exportTo(p.file("loss.png"));
        const QImage image(p.file("loss.png"));
        QCOMPARE(image.size(), p.panel.plot().size() * 2);
        QSet<QRgb> colours;
        for (int x = 0; x < image.width(); x += 3)
            for (int y = 0; y < image.height(); y += 3)
                colours.insert(image.pixel(x, y));
        QVERIFY(colours.size() > 10);
    }

    void the_table_has_the_curves_as_they_are_shown() {
        Panel p;
        QSignalSpy asked(p.panel.menus().front(), &PlotMenu::csvRequested);
        p.panel.menus().front()->exportTo(p.file("loss.csv"));
        const auto table = asked.at(0).at(1).value<CurveTable>();
        const std::vector<CurveColumn> &columns = table.columns;
        QCOMPARE(table.over, std::string("step"));
        QCOMPARE(columns.size(), size_t{3});
        QCOMPARE(columns[0].name, std::string("train"));
        QCOMPARE(columns[1].name, std::string("train (smoothed)"));
        QCOMPARE(columns[2].name, std::string("validation"));
        QCOMPARE(columns[0].values, p.history->curve("train_loss")->values);
        QCOMPARE(columns[2].steps.size(), size_t{12}); // measured every 50 steps
    }

    void a_place_that_cannot_be_written_is_said() {
        Panel p;
        QSignalSpy failed(p.panel.menus().front(), &PlotMenu::failed);
        p.panel.menus().front()->exportTo(p.file("none/loss.png"));
        QCOMPARE(failed.count(), 1);
        QVERIFY(failed[0][0].toString().contains(QStringLiteral("cannot be written")));
    }

    void speed_and_utilisation_have_charts() {
        Panel p;
        TrainingPoint point{
            .step = 641, .steps = 1000, .tokensPerSecond = 7900, .values = {{"flop_utilisation", 0.41}}};
        p.history->append({point});
        const std::vector<PlottedRun> runs{{1, QStringLiteral("bedtime-2"), true, -1, p.history}};
        QCOMPARE(p.history->last(chartLines(Chart::Speed, runs).at(0).value), std::optional(7900.0));
        QCOMPARE(p.history->last(chartLines(Chart::Utilisation, runs).at(0).value), std::optional(0.41));
    }

    void the_histogram_follows_the_newest_measurement() {
        auto history = std::make_shared<TrainingHistory>();
        history->append({densities(50, 6)});
        DensityChart chart;
        chart.resize(430, 240);
        chart.show();
        chart.setHistory(history);
        QCOMPARE(chart.layers(), 2);
        QCOMPARE(chart.share(0, 6), 0.7);
        QCOMPARE(chart.share(1, 7), 0.7);
        // bin 6 reaches from 10^-3.5 to 10^-3.25 of the tokens
        QVERIFY(chart.accessibleDescription().contains(
            QStringLiteral("layer 0: most features fire on 0.0316 % to 0.0562 %")));
        history->append({densities(100, 9)});
        chart.refresh();
        QCOMPARE(chart.share(0, 6), 0.01);
        QCOMPARE(chart.share(0, 9), 0.7);
        QCoreApplication::sendPostedEvents(); // lays out anew
        QStringList written;
        for (const QGraphicsItem *item : chart.scene()->items())
            if (const auto *text = qgraphicsitem_cast<const QGraphicsTextItem *>(item); text && text->isVisible())
                written.append(text->toPlainText());
        for (const char *label : {"10⁻⁵", "10⁻³", "1", "20 %", "60 %"})
            QVERIFY2(written.contains(QString::fromUtf8(label)), qPrintable(written.join(QLatin1Char(0x2c))));
        QVERIFY(written.filter(QStringLiteral("...")).isEmpty()); // none is cut
        chart.setHistory(nullptr);
        QCOMPARE(chart.layers(), 0);
    }

    void the_density_tab_shows_bars_in_place_of_curves() {
        auto history = std::make_shared<TrainingHistory>();
        history->append({densities(50, 6)});
        ChartPanel panel(RunRow::Kind::Transcoder);
        panel.resize(500, 320);
        panel.show();
        panel.setRuns({{1, QStringLiteral("plt"), true, -1, history}});
        auto *chart = panel.findChild<DensityChart *>();
        QVERIFY(!chart->isVisible());
        panel.tabs().setCurrentIndex(panel.tabs().count() - 1);
        QVERIFY(chart->isVisible() && !panel.plot().isVisible());
        QCOMPARE(chart->layers(), 2);
        history->append({densities(100, 2)});
        panel.refresh();
        QCOMPARE(chart->share(0, 2), 0.7);
        panel.tabs().setCurrentIndex(0);
        QVERIFY(!chart->isVisible() && panel.plot().isVisible());
    }

    void the_histogram_is_exported_as_table_and_picture() {
        auto history = std::make_shared<TrainingHistory>();
        history->append({densities(50, 6)});
        ChartPanel panel(RunRow::Kind::Transcoder);
        panel.resize(500, 320);
        panel.show();
        panel.setRuns({{1, QStringLiteral("plt"), true, -1, history}});
        panel.tabs().setCurrentIndex(panel.tabs().count() - 1);
        PlotMenu &menu = *panel.menus().back();
        auto *button = panel.findChild<QToolButton *>(QStringLiteral("export"));
        QVERIFY(button && button->isVisible() && button->menu() == &menu);

        QTemporaryDir folder;
        QSignalSpy asked(&menu, &PlotMenu::csvRequested);
        menu.exportTo(folder.filePath(QStringLiteral("density.csv")));
        const auto table = asked.at(0).at(1).value<CurveTable>();
        QCOMPARE(table.over, std::string("log10_density"));
        QCOMPARE(table.columns.size(), size_t{2});
        QCOMPARE(table.columns[0].steps[6], -3.5);
        QCOMPARE(table.columns[0].values[6], 0.7);
        QCOMPARE(table.columns[1].values[7], 0.7);

        menu.exportTo(folder.filePath(QStringLiteral("density.svg")));
        QFile svg(folder.filePath(QStringLiteral("density.svg")));
        QVERIFY(svg.open(QIODevice::ReadOnly));
        const QByteArray drawing = svg.readAll();
        QVERIFY(QSvgRenderer(drawing).isValid());
        QVERIFY(drawing.contains("layer 1") &&
                drawing.count("<rect") + drawing.count("<path") >= 40); // bars of 2 layers
        menu.exportTo(folder.filePath(QStringLiteral("density.png")));
        const QImage picture(folder.filePath(QStringLiteral("density.png")));
        QCOMPARE(picture.size(), panel.findChild<DensityChart *>()->size() * 2);
    }
};

QTEST_MAIN(TestPlotExport)
#include "test_plot_export.moc"
