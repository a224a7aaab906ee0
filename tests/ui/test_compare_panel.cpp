#include "fail_on_warning.h"

#include "ui/theme.h"
#include "ui/train/compare_panel.h"

#include <QAbstractItemModelTester>
#include <QPushButton>
#include <QSignalSpy>
#include <QTableView>
#include <QtTest>

using namespace tt;

namespace {

TranscoderSummary summary(const std::string &name, double fvu, double recovered, int64_t bytes) {
    TranscoderMetrics metrics;
    metrics.ceRecovered = recovered;
    metrics.layers.push_back({.fvu = fvu - 0.01, .l0 = 15, .dead = 0.01});
    metrics.layers.push_back({.fvu = fvu + 0.01, .l0 = 16, .dead = 0.03});
    TranscoderSummary made{.name = name, .step = 2000, .steps = 2000, .finished = true, .bytes = bytes};
    made.config.gptRun = "stories-tiny";
    metrics.tokens = 40'000;
    made.heldOut = StoredEvaluation{.metrics = metrics, .step = 2000, .corpus = "stories"};
    return made;
}

std::vector<TranscoderSummary> transcoders() {
    std::vector<TranscoderSummary> all{summary("new", 0, 0, 9'000'000), summary("plt", 0.14, 0.96, 17'000'000),
                                       summary("clt", 0.12, 0.97, 25'000'000)};
    all[0].heldOut.reset(); // not measured yet
    all[2].config.kind = TranscoderKind::CrossLayer;
    all[2].config.activation = Activation::JumpRelu;
    return all;
}

struct Panel {
    ComparePanel panel;
    QAbstractItemModelTester tester{&panel.model(), QAbstractItemModelTester::FailureReportingMode::QtTest};
    QTableView *table = panel.findChild<QTableView *>();
    Panel() {
        panel.resize(1184, 160);
        panel.setTranscoders(transcoders());
        panel.show();
    }
    QString cell(int row, int column) { return table->model()->index(row, column).data().toString(); }
    QStringList names() {
        QStringList all;
        for (int row = 0; row < table->model()->rowCount(); ++row)
            all.append(cell(row, TranscodersModel::Name));
        return all;
    }
};

} // namespace

class TestComparePanel : public QObject {
    Q_OBJECT
    FailOnWarning failOnWarning_;

private Q_SLOTS:
    void initTestCase() { applyTheme(*qApp); }

    void a_row_says_what_was_measured() {
        Panel p;
        QStringList row;
        for (int column = 0; column < TranscodersModel::ColumnCount; ++column)
            row.append(p.cell(2, column));
        QCOMPARE(row, (QStringList{"clt", "cross-layer", "jumprelu", "stories-tiny", "4,096", "0.120", "0.970", "2.0 %",
                                   "15.5", "stories", "25 MB"}));
        QCOMPARE(p.cell(0, TranscodersModel::Fvu), QStringLiteral("–"));
        const QString tip = p.table->model()->index(2, 0).data(Qt::ToolTipRole).toString();
        QVERIFY2(tip.contains(QStringLiteral("measured on 40,000 held-out tokens of stories")), qPrintable(tip));
    }

    void a_long_name_is_shown_whole_at_the_usual_width() {
        Panel p;
        std::vector<TranscoderSummary> all = transcoders();
        all[1].name = "plt-batchtopk-4000-lr0.002";
        for (TranscoderSummary &each : all) {
            each.config.gptRun = "tinystories-tiny";
            if (each.heldOut)
                each.heldOut->corpus = "tinystories";
        }
        p.panel.setTranscoders(all);
        QCoreApplication::processEvents();
        const QFontMetrics metrics(p.table->model()->index(1, 0).data(Qt::FontRole).value<QFont>());
        QVERIFY(p.table->columnWidth(0) > metrics.horizontalAdvance(p.cell(1, 0)) + 32); // and its margins
        // Only where corpora differ does it matter which was measured.
        QVERIFY(p.table->isColumnHidden(TranscodersModel::Measured));
        all[2].heldOut->corpus = "stories";
        p.panel.setTranscoders(all);
        QVERIFY(!p.table->isColumnHidden(TranscodersModel::Measured));
    }

    void a_click_on_a_column_sorts_by_its_figure_unmeasured_last() {
        Panel p;
        QCOMPARE(p.names(), (QStringList{"new", "plt", "clt"})); // newest first
        p.table->sortByColumn(TranscodersModel::Fvu, Qt::AscendingOrder);
        QCOMPARE(p.names(), (QStringList{"clt", "plt", "new"}));
        p.table->sortByColumn(TranscodersModel::Size, Qt::AscendingOrder);
        QCOMPARE(p.names(), (QStringList{"new", "plt", "clt"}));
    }

    void one_is_chosen_for_the_other_places() {
        Panel p;
        p.panel.setChosen(QStringLiteral("plt"));
        QSignalSpy chosen(&p.panel, &ComparePanel::chosen);
        p.table->sortByColumn(TranscodersModel::Fvu, Qt::AscendingOrder); // clt, plt, new
        p.table->setCurrentIndex(p.table->model()->index(1, 0));
        QPushButton *use = nullptr;
        for (QPushButton *button : p.panel.findChildren<QPushButton *>())
            if (button->accessibleName() == QStringLiteral("Use in the other places"))
                use = button;
        QVERIFY(use && !use->isEnabled() && use->toolTip().contains(QStringLiteral("plt")));
        QTest::keyClick(p.table, Qt::Key_Return);
        QCOMPARE(chosen.count(), 0); // it is the one already
        p.table->setCurrentIndex(p.table->model()->index(0, 0));
        QTest::keyClick(p.table, Qt::Key_Return);
        use->click();
        QCOMPARE(chosen, (QList<QVariantList>{{"clt"}, {"clt"}}));
    }

    void the_selection_stays_when_new_figures_come() {
        Panel p;
        p.table->setCurrentIndex(p.table->model()->index(1, 0));
        std::vector<TranscoderSummary> more = transcoders();
        more.insert(more.begin(), summary("newest", 0.1, 0.98, 1000));
        p.panel.setTranscoders(more);
        QCOMPARE(p.table->currentIndex().siblingAtColumn(0).data().toString(), QStringLiteral("plt"));
    }
};

QTEST_MAIN(TestComparePanel)
#include "test_compare_panel.moc"
