#include "ui/fail_on_warning.h"
#include "ui/sample_graph.h"
#include "ui/sample_workspace.h"

#include "ui/circuits/circuits_place.h"
#include "ui/circuits/graph_view.h"
#include "ui/features/active_features_view.h"
#include "ui/features/features_place.h"
#include "ui/interventions/interventions_place.h"
#include "ui/prompt/prompt_bar.h"
#include "ui/prompt/token_chip.h"
#include "ui/prompt/token_chips.h"
#include "ui/theme.h"
#include "ui/tour/start_pane.h"
#include "ui/tour/target_ring.h"
#include "ui/tour/tour.h"
#include "ui/tour/tour_bar.h"
#include "ui/window/main_window.h"

#include <QAction>
#include <QApplication>
#include <QDir>
#include <QFileDialog>
#include <QLabel>
#include <QPushButton>
#include <QSettings>
#include <QSignalSpy>
#include <QTabWidget>
#include <QTemporaryDir>
#include <QTest>
#include <QTimer>
#include <QTreeWidget>

#include <algorithm>
#include <memory>

using namespace tt;

class TestTour : public QObject {
    Q_OBJECT
    FailOnWarning failOnWarning_;
    QTemporaryDir settings_;
    std::unique_ptr<MainWindow> window_;

    [[nodiscard]] Tour &tour() const { return window_->tour(); }
    template <class T>
    T *part() const {
        return window_->findChild<T *>();
    }
    /// Whether the bar has these words.
    [[nodiscard]] bool says(const QString &words) const {
        const auto labels = part<TourBar>()->findChildren<QLabel *>();
        return std::any_of(labels.begin(), labels.end(),
                           [&](const QLabel *label) { return label->text().contains(words); });
    }
    void press(const QString &name) const {
        for (auto *button : part<TourBar>()->findChildren<QPushButton *>())
            if (button->accessibleName() == name && button->isVisible())
                return button->click();
        QFAIL(qPrintable(name));
    }
    /// "Once upon a" with the graph of sample_graph.h: the token of the most certain prediction is its last.
    void givePrompt(const std::vector<ActiveFeature> &more = {}) const {
        PromptFeatures prompt = ::sample::promptFeatures();
        prompt.prompt = "Once upon a";
        prompt.tokens.pop_back();
        prompt.ids.pop_back();
        prompt.next = {{{650, ",", 0.2, 1}}, {{651, " a", 0.6, 2}}, {{640, " time", 0.94, 9}}};
        std::erase_if(prompt.active, [](const ActiveFeature &active) { return active.position > 2; });
        const ActiveFeature followed{.position = 2,
                                     .layer = 1,
                                     .feature = 1184,
                                     .activation = 6,
                                     .maximum = 9,
                                     .density = 0.004F,
                                     .promoted = " time"};
        prompt.active.insert(std::find_if(prompt.active.begin(), prompt.active.end(),
                                          [](const ActiveFeature &active) {
                                              return active.position == 2 && active.layer == 1 && active.activation < 6;
                                          }),
                             followed);
        prompt.active.insert(prompt.active.end(), more.begin(), more.end());
        window_->promptBar().setPrompt(QString::fromStdString(prompt.prompt));
        window_->setPromptFeatures(prompt);
    }

private Q_SLOTS:
    void initTestCase() {
        QSettings::setPath(QSettings::NativeFormat, QSettings::UserScope, settings_.path());
        qputenv("TT_COLOR_SCHEME", "light");
        QApplication::setAttribute(Qt::AA_DontUseNativeDialogs);
        applyTheme(*qApp);
    }
    void init() {
        window_ = std::make_unique<MainWindow>();
        window_->setWorkspace(windowsample::workspace());
        window_->show();
        QVERIFY(QTest::qWaitForWindowExposed(window_.get()));
        givePrompt();
        window_->circuitsPlace().setGraph(::sample::onceUponA());
    }
    void cleanup() {
        window_.reset();
        QSettings(QStringLiteral("TinyTranscoder"), QStringLiteral("TinyTranscoder")).clear();
    }

    void next_walks_from_the_token_to_the_export() {
        QVERIFY(!part<TourBar>()->isVisible());
        tour().start();
        QVERIFY(part<TourBar>()->isVisible());
        QCOMPARE(window_->place(), MainWindow::Place::Features);
        QCOMPARE(tour().step(), 0);

        press(QStringLiteral("Next")); // clicks the token
        QVERIFY(tour().isDone());
        QCOMPARE(window_->promptBar().chips()->selection(), std::vector<int>{2});
        press(QStringLiteral("Next"));
        QCOMPARE(tour().step(), 1);

        press(QStringLiteral("Next")); // clicks the feature: the graph's most influential at this token
        QVERIFY(tour().isDone());
        QCOMPARE(window_->featuresPlace().activationsOf(1, 1184).perPosition, (std::vector<float>{0, 0, 6}));
        press(QStringLiteral("Next"));
        QCOMPARE(tour().step(), 2);
        QCOMPARE(window_->place(), MainWindow::Place::Circuits);

        press(QStringLiteral("Next")); // clicks its node
        QCOMPARE(window_->circuitsPlace().view()->selectedNode(), std::optional(5));
        press(QStringLiteral("Next"));
        QCOMPARE(tour().step(), 3);

        press(QStringLiteral("Next")); // turns it off
        QCOMPARE(window_->place(), MainWindow::Place::Interventions);
        const InterventionList list = window_->interventionsPlace().list();
        QCOMPARE(list.rows.size(), size_t{1});
        QCOMPARE(list.rows[0].feature, 1184);
        QCOMPARE(list.rows[0].places.chosen, std::vector<int>{2});
        QCOMPARE(list.rows[0].value, 0.0);
        press(QStringLiteral("Next"));
        QCOMPARE(tour().step(), 4);
        QCOMPARE(window_->place(), MainWindow::Place::Circuits);

        Q_EMIT window_->circuitsPlace().exportRequested({}); // what the file dialog leads to
        QVERIFY(tour().isDone());
        QSignalSpy ended(&tour(), &Tour::ended);
        press(QStringLiteral("Train a GPT"));
        QCOMPARE(ended.size(), 1);
        QCOMPARE(window_->place(), MainWindow::Place::Train);
        QVERIFY(!part<TourBar>()->isVisible());
        QVERIFY(!part<TargetRing>()->isVisible());
    }

    void it_follows_what_matters_most_in_the_graph() {
        givePrompt({{.position = 1, .layer = 0, .feature = 312, .activation = 5, .maximum = 9}});
        TracedGraph traced = ::sample::onceUponA();
        traced.graph.nodes[0].influence = 0.9; // 0/312 at 1, not where the model is surest
        window_->circuitsPlace().setGraph(traced);
        tour().start();
        press(QStringLiteral("Next"));
        QCOMPARE(window_->promptBar().chips()->selection(), std::vector<int>{1});
        for (int i = 0; i < 4; ++i)
            press(QStringLiteral("Next"));
        QCOMPARE(window_->circuitsPlace().view()->selectedNode(), std::optional(0));
        press(QStringLiteral("Next"));
        QVERIFY(says(QStringLiteral("bring 0/312 to Interventions")));
        press(QStringLiteral("Next"));
        QCOMPARE(window_->interventionsPlace().list().rows[0].feature, 312);
        QCOMPARE(window_->interventionsPlace().list().rows[0].places.chosen, std::vector<int>{1});
    }

    void a_feature_without_a_part_in_the_graph_gives_way_to_one_that_has() {
        givePrompt({{.position = 2, .layer = 0, .feature = 3999, .activation = 5, .maximum = 9}});
        tour().start();
        press(QStringLiteral("Next"));
        press(QStringLiteral("Next"));
        Q_EMIT window_->featuresPlace().featureChosen(0, 3999); // a click on it
        QVERIFY(tour().isDone());
        window_->circuitsPlace().findChild<QTabWidget *>()->setCurrentIndex(2);
        press(QStringLiteral("Next"));
        QVERIFY(says(QStringLiteral("Click 1/1184")));
        QCOMPARE(window_->circuitsPlace().findChild<QTabWidget *>()->currentIndex(), 0); // where its inputs are
        press(QStringLiteral("Next"));
        QCOMPARE(window_->circuitsPlace().view()->selectedNode(), std::optional(5));
        press(QStringLiteral("Next"));
        press(QStringLiteral("Next"));
        QCOMPARE(window_->interventionsPlace().list().rows[0].feature, 1184);
    }

    void a_closed_file_dialog_ends_the_last_step_too() {
        tour().start();
        for (int i = 0; i < 8; ++i)
            press(QStringLiteral("Next"));
        QCOMPARE(tour().step(), 4);
        bool closed = false;
        QTimer closing;
        connect(&closing, &QTimer::timeout, &closing, [&closed] {
            if (auto *dialog = qobject_cast<QFileDialog *>(QApplication::activeModalWidget()))
                dialog->reject(), closed = true;
        });
        closing.start(10);
        press(QStringLiteral("Next")); // returns when the dialog is closed
        QVERIFY(closed && !tour().isDone());
        press(QStringLiteral("Next"));
        QVERIFY(tour().isDone());
    }

    void a_person_who_clicks_by_herself_gets_on_too() {
        tour().start();
        QTest::mouseClick(window_->promptBar().chips()->chip(2), Qt::LeftButton);
        QVERIFY(tour().isDone());
        QCOMPARE(tour().step(), 0);
        press(QStringLiteral("Next"));
        auto *list = part<ActiveFeaturesView>();
        const QRect row = list->rectOf(1, 1184);
        QVERIFY(!row.isEmpty());
        QTest::mouseClick(list->viewport(), Qt::LeftButton, {}, row.center());
        QVERIFY(tour().isDone());
        QCOMPARE(tour().step(), 1);
        press(QStringLiteral("Next"));
        window_->circuitsPlace().view()->selectNode(0); // another node is as good
        QVERIFY(tour().isDone());
    }

    void the_ring_stands_around_what_the_step_speaks_of() {
        tour().start();
        auto *ring = part<TargetRing>();
        QTRY_VERIFY(ring->isVisible());
        const QWidget *chip = window_->promptBar().chips()->chip(2);
        const QRect there(chip->mapTo(window_->centralWidget(), QPoint()), chip->size());
        QVERIFY(ring->geometry().contains(there));
        QVERIFY(ring->geometry().width() <= there.width() + 8);
        QVERIFY(ring->testAttribute(Qt::WA_TransparentForMouseEvents));
        window_->resize(window_->width() + 200, window_->height() + 40);
        QTRY_VERIFY(ring->geometry().contains(QRect(chip->mapTo(window_->centralWidget(), QPoint()), chip->size())));
        press(QStringLiteral("Next")); // now it is a list, all of it and not what scrolls it
        const auto *list = part<ActiveFeaturesView>();
        const auto place = [&] { return QRect(list->mapTo(window_->centralWidget(), QPoint()), list->size()); };
        QTRY_VERIFY(ring->geometry().contains(place()));
        window_->goTo(MainWindow::Place::Data); // its target is gone
        QTRY_VERIFY(!ring->isVisible());
        window_->goTo(MainWindow::Place::Features);
        QTRY_VERIFY(ring->isVisible());
    }

    void the_bar_covers_nothing() {
        tour().start();
        QTest::qWait(10);
        const auto place = [](const QWidget *widget) {
            return QRect(widget->mapTo(widget->window(), QPoint()), widget->size());
        };
        QVERIFY(!place(part<TourBar>()).intersects(place(&window_->featuresPlace())));
        QVERIFY(!place(part<TourBar>()).intersects(place(&window_->promptBar())));
        QVERIFY(part<TourBar>()->height() >= 60);
    }

    void it_is_left_by_skip_or_escape_and_called_again_data() {
        QTest::addColumn<bool>("escape");
        QTest::newRow("skip") << false;
        QTest::newRow("escape") << true;
    }
    void it_is_left_by_skip_or_escape_and_called_again() {
        QFETCH(bool, escape);
        tour().start();
        press(QStringLiteral("Next"));
        press(QStringLiteral("Next"));
        QCOMPARE(tour().step(), 1);
        window_->activateWindow();
        QTRY_VERIFY(window_->isActiveWindow());
        if (escape)
            QTest::keyClick(window_.get(), Qt::Key_Escape);
        else
            press(QStringLiteral("Skip tour"));
        QVERIFY(!tour().isRunning());
        QVERIFY(!part<TourBar>()->isVisible());
        QTest::mouseClick(window_->promptBar().chips()->chip(1), Qt::LeftButton); // nothing comes back
        QVERIFY(!part<TourBar>()->isVisible());
        for (QAction *action : window_->findChildren<QAction *>())
            if (action->text().remove(u'&') == QStringLiteral("Tour"))
                action->trigger();
        QVERIFY(tour().isRunning());
        QCOMPARE(tour().step(), 0);
        QVERIFY(!tour().isDone());
    }

    void without_a_prompt_it_asks_for_one() {
        window_ = std::make_unique<MainWindow>();
        window_->setWorkspace(windowsample::workspace());
        window_->show();
        QSignalSpy wanted(&tour(), &Tour::promptWanted);
        tour().start();
        QCOMPARE(wanted.size(), 1);
        QVERIFY(!part<TourBar>()->isVisible());
        givePrompt();
        QVERIFY(part<TourBar>()->isVisible());
        QCOMPARE(tour().step(), 0);
    }

    void another_prompt_begins_the_first_steps_anew() {
        tour().start();
        press(QStringLiteral("Next"));
        press(QStringLiteral("Next"));
        QCOMPARE(tour().step(), 1);
        window_->setPromptFeatures(::sample::promptFeatures());
        QCOMPARE(tour().step(), 0);
        QVERIFY(!tour().isDone());
        givePrompt();
        window_->setPromptFeatures(window_->promptBar().prompt().isEmpty() ? PromptFeatures()
                                                                           : ::sample::promptFeatures());
        QCOMPARE(tour().step(), 0);
    }

    void a_graph_of_another_prompt_is_traced_first() {
        TracedGraph other = ::sample::onceUponA();
        other.graph.ids = {1, 2};
        window_->circuitsPlace().setGraph(other);
        tour().start();
        for (int press_ = 0; press_ < 4; ++press_)
            press(QStringLiteral("Next"));
        QCOMPARE(tour().step(), 2);
        QSignalSpy traced(&window_->circuitsPlace(), &CircuitsPlace::traceRequested);
        press(QStringLiteral("Next"));
        QCOMPARE(traced.size(), 1);
        QVERIFY(!tour().isDone());
        window_->circuitsPlace().setGraph(::sample::onceUponA());
        press(QStringLiteral("Next"));
        QVERIFY(tour().isDone());
    }

    void the_start_lists_saved_prompts_and_leads_on() {
        StartPane *start = window_->featuresPlace().start();
        window_->goTo(MainWindow::Place::Features);
        QVERIFY(!start->isVisible()); // of a demonstration only
        window_->featuresPlace().showStart(true);
        QVERIFY(start->isVisible());
        start->setGraphs(
            {{.name = "Once-upon-a",
              .prompt = "Once upon a",
              .transcoder = "plt",
              .token = " time",
              .probability = 0.938,
              .nodes = 25},
             {.name = "other", .prompt = "Tom", .transcoder = "plt", .token = {}, .probability = 0, .nodes = 4}});
        auto *list = start->findChild<QTreeWidget *>();
        QCOMPARE(list->topLevelItemCount(), 2);
        QCOMPARE(list->topLevelItem(0)->text(1), QStringLiteral("plt"));
        QCOMPARE(list->topLevelItem(0)->text(2), QStringLiteral("␣time"));
        QCOMPARE(list->topLevelItem(0)->text(3), QStringLiteral("0.938"));
        QCOMPARE(list->topLevelItem(1)->text(3), QString());
        QSignalSpy wanted(start, &StartPane::graphRequested);
        QTest::mouseClick(list->viewport(), Qt::LeftButton, {}, list->visualItemRect(list->topLevelItem(1)).center());
        QCOMPARE(wanted.size(), 1);
        QCOMPARE(wanted[0][0].toString(), QStringLiteral("other"));
        window_->chooseFeature(1, 1184);
        QVERIFY(!start->isVisible()); // the card took its place
    }

    void pictures_data() {
        QTest::addColumn<QByteArray>("scheme");
        QTest::newRow("light") << QByteArray("light");
        QTest::newRow("dark") << QByteArray("dark");
    }
    /// Kept as artefacts: `pictures` beside the test program.
    void pictures() {
        QFETCH(QByteArray, scheme);
        qputenv("TT_COLOR_SCHEME", scheme);
        applyTheme(*qApp);
        init();
        window_->resize(1280, 800);
        QDir().mkpath(QStringLiteral("pictures"));
        tour().start();
        for (int i = 0; i < 9; ++i) {
            QTest::qWait(40);
            QVERIFY(window_->grab().save(
                QStringLiteral("pictures/tour-%1-%2.png").arg(QString::fromLatin1(scheme)).arg(i)));
            if (i < 8)
                press(QStringLiteral("Next"));
        }
        QCOMPARE(tour().step(), 4);
    }
};

QTEST_MAIN(TestTour)
#include "test_tour.moc"
