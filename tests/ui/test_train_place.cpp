#include "fail_on_warning.h"
#include "train_sample.h"

#include "ui/theme.h"
#include "ui/train/train_place.h"

#include <QAccessible>
#include <QComboBox>
#include <QDir>
#include <QLabel>
#include <QLineEdit>
#include <QProgressBar>
#include <QPushButton>
#include <QSignalSpy>
#include <QTableView>
#include <QtTest>

using namespace tt;

namespace {

/// The widget that a person or a screen reader would find under this name.
template <class Widget>
Widget *named(QWidget &place, const QString &name) {
    Widget *found = nullptr;
    for (Widget *widget : place.findChildren<Widget *>())
        if (widget->accessibleName() == name) {
            if (found)
                qFatal("There are two named %s.", qPrintable(name));
            found = widget;
        }
    if (!found)
        qFatal("Nothing is named %s.", qPrintable(name));
    return found;
}

/// Types as a person does: over what stands in the field.
void type(QWidget *field, const QString &text) {
    auto *edit = field->findChild<QLineEdit *>();
    edit = edit ? edit : qobject_cast<QLineEdit *>(field);
    edit->selectAll();
    QTest::keyClick(edit, Qt::Key_Delete);
    QTest::keyClicks(edit, text);
}

void choose(QComboBox *box, const QString &text) {
    const int index = box->findText(text);
    QVERIFY2(index >= 0, qPrintable(text));
    box->setCurrentIndex(index);
    Q_EMIT box->activated(index);
}

bool shows(QWidget &place, const QString &text) {
    const auto labels = place.findChildren<QLabel *>();
    return std::any_of(labels.begin(), labels.end(),
                       [&](const QLabel *label) { return label->isVisibleTo(&place) && label->text().contains(text); });
}

struct Place {
    TrainPlace place;
    QTableView *runs = named<QTableView>(place, QStringLiteral("Runs"));
    QPushButton *startGpt = named<QPushButton>(place, QStringLiteral("Start GPT training"));
    QPushButton *startTranscoder = named<QPushButton>(place, QStringLiteral("Start transcoder training"));
    Place() {
        place.resize(1184, 696);
        place.setWorkspace(sample::workspace());
        place.setRuns(sample::runs());
        place.show();
    }
    QPushButton *button(const char *name) { return named<QPushButton>(place, QString::fromLatin1(name)); }
    QString selectedName() const { return runs->currentIndex().siblingAtColumn(1).data().toString(); }
};

} // namespace

class TestTrainPlace : public QObject {
    Q_OBJECT
    FailOnWarning failOnWarning_;

private Q_SLOTS:
    void initTestCase() { applyTheme(*qApp); }

    void start_asks_for_the_gpt_the_form_shows() {
        Place p;
        QSignalSpy asked(&p.place, &TrainPlace::startGptRequested);
        type(named<QWidget>(p.place, QStringLiteral("Steps")), QStringLiteral("1234"));
        type(named<QWidget>(p.place, QStringLiteral("Learning rate")), QStringLiteral("5e-4"));
        type(named<QLineEdit>(p.place, QStringLiteral("Name")), QStringLiteral("bedtime-9"));
        choose(named<QComboBox>(p.place, QStringLiteral("Tokenizer")), QStringLiteral("gpt2"));
        QTest::mouseClick(p.startGpt, Qt::LeftButton);
        QCOMPARE(asked.count(), 1);
        QCOMPARE(asked[0][0].toString(), QStringLiteral("bedtime-9"));
        GptTrainingConfig wanted = GptTrainingConfig::fromPreset("tiny");
        wanted.steps = 1234;
        wanted.learningRate = 5e-4;
        wanted.corpus = "generated-120k";
        wanted.model.tokenizer = "gpt2";
        wanted.model.vocabSize = 50257;
        QVERIFY(asked[0][1].value<GptTrainingConfig>() == wanted);
    }

    void start_asks_for_the_transcoder_the_form_shows() {
        Place p;
        QSignalSpy asked(&p.place, &TrainPlace::startTranscoderRequested);
        type(named<QWidget>(p.place, QStringLiteral("k, transcoder")), QStringLiteral("24"));
        QTest::mouseClick(p.startTranscoder, Qt::LeftButton);
        QCOMPARE(asked.count(), 1);
        QCOMPARE(asked[0][0].toString(), QStringLiteral("plt-k24"));
        TranscoderTrainingConfig wanted;
        wanted.k = 24;
        wanted.snapshots = 8; // for Features to go back through
        wanted.gptRun = "stories-tiny";
        wanted.corpus = "generated-120k";
        QVERIFY(asked[0][1].value<TranscoderTrainingConfig>() == wanted);
    }

    void a_preset_fills_every_field() {
        Place p;
        QSignalSpy asked(&p.place, &TrainPlace::startGptRequested);
        choose(named<QComboBox>(p.place, QStringLiteral("Preset")), QStringLiteral("original"));
        QTest::mouseClick(p.startGpt, Qt::LeftButton);
        GptTrainingConfig wanted = GptTrainingConfig::fromPreset("original");
        wanted.corpus = "generated-120k";
        wanted.model.tokenizer = "gpt2"; // the one with that preset's vocabulary
        QVERIFY(asked.at(0).at(1).value<GptTrainingConfig>() == wanted);
    }

    void a_wrong_value_turns_start_off_and_names_its_field() {
        Place p;
        QWidget *k = named<QWidget>(p.place, QStringLiteral("k, transcoder"));
        type(k, QStringLiteral("4097"));
        QVERIFY(!p.startTranscoder->isEnabled());
        QVERIFY(p.startTranscoder->toolTip().contains(QStringLiteral("Correct k to start.")));
        QVERIFY(shows(p.place, QStringLiteral("Correct k to start.")));
        QVERIFY(k->property("ttFieldError").toBool());
        type(k, QStringLiteral("dozy"));
        QCOMPARE(k->findChild<QLineEdit *>()->text(), QString()); // letters are not taken
        QVERIFY(!p.startTranscoder->isEnabled());
        type(k, QStringLiteral("16"));
        QVERIFY(p.startTranscoder->isEnabled());
        QVERIFY(!k->property("ttFieldError").toBool());
        QVERIFY(p.startGpt->isEnabled());
    }

    void a_wrong_advanced_value_blocks_start_and_is_named() {
        Place p;
        QWidget *warmup = named<QWidget>(p.place, QStringLiteral("Warm-up"));
        QVERIFY(!warmup->isVisible());
        const auto buttons = p.place.findChildren<QAbstractButton *>();
        const auto more = std::find_if(buttons.begin(), buttons.end(), [](const QAbstractButton *button) {
            return button->text().contains(QStringLiteral(" more"));
        });
        QVERIFY(more != buttons.end());
        (*more)->click();
        QVERIFY(warmup->isVisible());
        type(warmup, QString());
        QVERIFY(!p.startGpt->isEnabled());
        QVERIFY(p.startGpt->toolTip().contains(QStringLiteral("Warm-up")));
        type(warmup, QStringLiteral("20"));
        QVERIFY(p.startGpt->isEnabled());
    }

    void a_name_that_exists_is_refused_and_a_free_one_offered() {
        Place p;
        auto *name = named<QLineEdit>(p.place, QStringLiteral("Name"));
        type(name, QStringLiteral("stories-tiny"));
        QVERIFY(!p.startGpt->isEnabled());
        QVERIFY(shows(p.place, QStringLiteral("There is a GPT named stories-tiny already.")));
        QTest::mouseClick(p.button("Use tiny"), Qt::LeftButton);
        QCOMPARE(name->text(), QStringLiteral("tiny"));
        QVERIFY(p.startGpt->isEnabled());
        type(name, QStringLiteral("../up"));
        QVERIFY(!p.startGpt->isEnabled());
    }

    void the_next_name_follows_the_run_that_started() {
        Place p;
        auto *name = named<QLineEdit>(p.place, QStringLiteral("Name"));
        type(name, QStringLiteral("mine"));
        QTest::mouseClick(p.startGpt, Qt::LeftButton);
        std::vector<RunRow> runs = sample::runs();
        runs.insert(runs.begin() + 1, RunRow{.id = 9, .state = RunRow::State::Running, .name = QStringLiteral("mine")});
        p.place.setRuns(runs);
        QCOMPARE(name->text(), QStringLiteral("mine-2"));
        QCOMPARE(p.selectedName(), QStringLiteral("mine")); // the run one has just started
    }

    void what_was_typed_survives_a_new_workspace_summary() {
        Place p;
        type(named<QWidget>(p.place, QStringLiteral("Steps")), QStringLiteral("777"));
        choose(named<QComboBox>(p.place, QStringLiteral("Corpus")), QStringLiteral("tinystories-valid"));
        WorkspaceSummary more = sample::workspace();
        more.corpora.push_back({.name = "another"});
        p.place.setWorkspace(more);
        QVERIFY(p.place.commandLine().contains(QStringLiteral("--corpus tinystories-valid")));
        QVERIFY(p.place.commandLine().contains(QStringLiteral("--set steps=777")));
    }

    void without_a_corpus_the_form_leads_to_the_data_place() {
        TrainPlace place;
        place.resize(1184, 696);
        place.show();
        place.setWorkspace({});
        QVERIFY(!named<QPushButton>(place, QStringLiteral("Start GPT training"))->isEnabled());
        QVERIFY(shows(place, QStringLiteral("A GPT learns from a corpus and a tokenizer.")));
        QSignalSpy asked(&place, &TrainPlace::goToData);
        for (QPushButton *button : place.findChildren<QPushButton *>())
            if (button->text() == QStringLiteral("Go to Data"))
                QTest::mouseClick(button, Qt::LeftButton);
        QCOMPARE(asked.count(), 2); // both forms lead there
    }

    void updates_keep_the_selection_and_the_view() {
        Place p;
        QSignalSpy resets(p.runs->model(), &QAbstractItemModel::modelReset);
        p.runs->setCurrentIndex(p.runs->model()->index(2, 1));
        QCOMPARE(p.selectedName(), QStringLiteral("stories-tiny"));
        RunRow row = sample::runs()[0];
        row.step = 700;
        QSignalSpy changes(p.runs->model(), &QAbstractItemModel::dataChanged);
        p.place.updateRun(row);
        QCOMPARE(changes.count(), 1);
        QCOMPARE(changes[0][0].toModelIndex().row(), 0);
        QCOMPARE(p.runs->model()->index(0, 3).data().toString(), QStringLiteral("700 / 1,000"));
        std::vector<RunRow> runs = sample::runs(); // another order, one gone, one new
        std::swap(runs[0], runs[2]);
        runs.erase(runs.begin() + 1);
        runs.insert(runs.begin(), RunRow{.id = 9, .state = RunRow::State::Waiting, .name = QStringLiteral("later")});
        p.place.setRuns(runs);
        QCOMPARE(p.selectedName(), QStringLiteral("stories-tiny"));
        QCOMPARE(p.runs->selectionModel()->selectedRows().size(), 1);
        QCOMPARE(p.runs->selectionModel()->selectedRows()[0].row(), p.runs->currentIndex().row());
        for (size_t i = 0; i < runs.size(); ++i)
            QCOMPARE(p.runs->model()->index(static_cast<int>(i), 1).data().toString(), runs[i].name);
        QCOMPARE(resets.count(), 0);
    }

    void buttons_act_on_the_selected_row() {
        Place p;
        QSignalSpy paused(&p.place, &TrainPlace::pauseRequested), resumed(&p.place, &TrainPlace::resumeRequested);
        QSignalSpy stopped(&p.place, &TrainPlace::stopRequested);
        QCOMPARE(named<QProgressBar>(p.place, QStringLiteral("Training progress"))->value(), 64);
        QVERIFY(p.button("Pause")->isEnabled() && p.button("Stop")->isEnabled() && !p.button("Resume")->isEnabled());
        QTest::mouseClick(p.button("Pause"), Qt::LeftButton);
        QCOMPARE(paused.value(0).value(0).toInt(), 1);
        p.runs->setCurrentIndex(p.runs->model()->index(3, 1)); // stopped
        QVERIFY(!p.button("Pause")->isEnabled() && !p.button("Stop")->isEnabled() && p.button("Resume")->isEnabled());
        QVERIFY(p.button("Pause")->toolTip().contains(QStringLiteral("plt-k16 is stopped")));
        QTest::mouseClick(p.button("Resume"), Qt::LeftButton);
        QCOMPARE(resumed.value(0).value(0).toInt(), 4);
        p.runs->setCurrentIndex(p.runs->model()->index(1, 1));
        QTest::mouseClick(p.button("Stop"), Qt::LeftButton);
        QCOMPARE(stopped.value(0).value(0).toInt(), 2);
    }

    void space_pauses_and_resumes() {
        Place p;
        QSignalSpy paused(&p.place, &TrainPlace::pauseRequested), resumed(&p.place, &TrainPlace::resumeRequested);
        QTest::keyClick(p.runs, Qt::Key_Space);
        QCOMPARE(paused.value(0).value(0).toInt(), 1);
        RunRow row = sample::runs()[0];
        row.state = RunRow::State::Paused;
        p.place.updateRun(row);
        QTest::keyClick(p.runs, Qt::Key_Space);
        QCOMPARE(resumed.value(0).value(0).toInt(), 1);
    }

    void a_plotted_run_without_points_is_asked_for_once() {
        TrainPlace place;
        QSignalSpy asked(&place, &TrainPlace::historyRequested);
        place.setRuns(sample::runs());
        QList<int> ids;
        for (const QList<QVariant> &call : asked)
            ids.append(call[0].toInt());
        std::sort(ids.begin(), ids.end());
        QCOMPARE(ids, (QList<int>{1, 2}));
        auto *runs = named<QTableView>(place, QStringLiteral("Runs"));
        runs->setCurrentIndex(runs->model()->index(2, 1));
        runs->setCurrentIndex(runs->model()->index(0, 1));
        runs->setCurrentIndex(runs->model()->index(2, 1));
        QCOMPARE(asked.count(), 3);
        QCOMPARE(asked[2][0].toInt(), 3);
    }

    void the_loss_curve_says_what_it_shows() {
        Place p;
        p.place.setPoints(1, {{.step = 640, .steps = 1000, .values = {{"train_loss", 2.163}, {"val_loss", 2.2249}}}});
        auto *plot = named<QWidget>(p.place, QStringLiteral("Loss curve"));
        QTRY_COMPARE(plot->accessibleDescription(),
                     QStringLiteral("bedtime-2: step 640 of 1,000, train 2.16, validation 2.22"));
    }

    void the_command_says_only_what_differs() {
        Place p;
        QCOMPARE(p.place.commandLine(),
                 QStringLiteral("tinytranscoder-cli gpt train --corpus generated-120k --preset tiny --run tiny"));
        type(named<QWidget>(p.place, QStringLiteral("Steps")), QStringLiteral("500"));
        QCOMPARE(p.place.commandLine(),
                 QStringLiteral("tinytranscoder-cli gpt train --corpus generated-120k --preset tiny "
                                "--set steps=500 --run tiny"));
        QWidget *k = named<QWidget>(p.place, QStringLiteral("k, transcoder"));
        p.place.activateWindow();
        k->setFocus();
        QTRY_VERIFY(k->hasFocus());
        QCOMPARE(p.place.commandLine(),
                 QStringLiteral("tinytranscoder-cli transcoder train --name plt-k16-2 --run stories-tiny --corpus "
                                "generated-120k --features 4096 --k 16 --set snapshots=8"));
    }

    void every_control_has_a_name_of_its_own_and_a_tooltip() {
        Place p;
        QStringList names;
        const auto isControl = [](const QWidget *widget) {
            const bool field = widget->inherits("QLineEdit") || widget->inherits("QComboBox");
            const bool inner = widget->parentWidget() && widget->parentWidget()->inherits("QAbstractSpinBox");
            return (field && !inner) || widget->inherits("QAbstractButton") || widget->inherits("QAbstractSpinBox");
        };
        for (const QWidget *widget : p.place.findChildren<QWidget *>()) {
            if (!widget->isVisible() || !isControl(widget) || widget->focusPolicy() == Qt::NoFocus)
                continue;
            QVERIFY2(!widget->accessibleName().isEmpty(), widget->metaObject()->className());
            QVERIFY2(!widget->toolTip().isEmpty(), qPrintable(widget->accessibleName()));
            QVERIFY2(!names.contains(widget->accessibleName()) ||
                         widget->accessibleName().contains(QStringLiteral("more…")),
                     qPrintable(widget->accessibleName()));
            names.append(widget->accessibleName());
        }
        QVERIFY(names.size() > 20);
    }

    /// Not a check: the pictures to look at, in light and dark.
    void pictures_data() {
        QTest::addColumn<QSize>("size");
        QTest::newRow("1280x800") << QSize(1184, 696); // what rail, menu, place and status bar leave of it
        QTest::newRow("2560x1440") << QSize(2464, 1336);
        QTest::newRow("1280x800-large-font") << QSize(1184, 696);
        QTest::newRow("1024x640") << QSize(928, 536);
    }
    void pictures() {
        QFETCH(QSize, size);
        for (const char *scheme : {"light", "dark"}) {
            qputenv("TT_COLOR_SCHEME", scheme);
            applyTheme(*qApp);
            if (QByteArray(QTest::currentDataTag()).endsWith("large-font")) {
                QFont large = QApplication::font();
                large.setPointSizeF(large.pointSizeF() * 1.3);
                QApplication::setFont(large);
            }
            Place p;
            p.place.resize(size);
            p.place.setPoints(1, sample::gptPoints(640, 1000, 1.95, 1));
            p.place.setPoints(2, sample::transcoderPoints(1410, 3000, 2));
            p.runs->model()->setData(p.runs->model()->index(2, 7), Qt::Checked, Qt::CheckStateRole);
            p.place.setPoints(3, sample::gptPoints(1000, 1000, 1.9, 3));
            if (size.width() > 2000)
                type(named<QWidget>(p.place, QStringLiteral("k, transcoder")), QStringLiteral("5000"));
            auto *plot = named<QWidget>(p.place, QStringLiteral("Loss curve"));
            QTest::qWait(700); // the words follow within half a second
            plot->setFocus();
            for (int i = 0; i < 46 && size.width() < 2000; ++i)
                QTest::keyClick(plot, Qt::Key_Right);
            named<QWidget>(p.place, QStringLiteral("Heads"))->setFocus();
            QTest::qWait(100);
            const QString file = QStringLiteral("train-%1-%2.png")
                                     .arg(QString::fromLatin1(QTest::currentDataTag()), QLatin1String(scheme));
            QVERIFY(p.place.grab().save(QDir::current().filePath(file)));
        }
        qunsetenv("TT_COLOR_SCHEME");
        applyTheme(*qApp);
    }
};

QTEST_MAIN(TestTrainPlace)
#include "test_train_place.moc"
