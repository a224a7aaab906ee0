#pragma once

#include "ui/values.h"

#include <QMainWindow>

#include <functional>
#include <optional>
#include <utility>
#include <vector>

class QStackedWidget;

namespace tt {

class CircuitsPlace;
class DataPlace;
class ExchangeMenu;
class FeaturesPlace;
class InterventionsPlace;
class ManualWindow;
class MessageBar;
class PlaceBar;
class PromptBar;
class Rail;
class StatusLine;
class Tour;
class TourBar;
class TrainPlace;
class WindowMenus;

/// The window: menus, the rail of places, the bar above the chosen place, status. Keeps its size and place over
/// restarts. It joins nothing to core: the session listens to the places' signals and calls their setters.
class MainWindow : public QMainWindow {
    Q_OBJECT
public:
    enum class Place { Data, Train, Features, Circuits, Interventions };
    explicit MainWindow(QWidget *parent = nullptr);
    ~MainWindow() override;

    [[nodiscard]] DataPlace &dataPlace() const { return *data_; }
    [[nodiscard]] TrainPlace &trainPlace() const { return *train_; }
    [[nodiscard]] FeaturesPlace &featuresPlace() const { return *features_; }
    [[nodiscard]] CircuitsPlace &circuitsPlace() const { return *circuits_; }
    [[nodiscard]] InterventionsPlace &interventionsPlace() const { return *interventions_; }
    [[nodiscard]] PromptBar &promptBar() const { return *prompt_; }
    [[nodiscard]] ExchangeMenu &exchangeMenu() const;

    [[nodiscard]] Place place() const { return place_; }
    void goTo(Place place);
    void setStatus(const QString &text);
    [[nodiscard]] QString status() const;
    void setJob(const JobStatus &job); ///< of the Data place, shown there and in the status bar
    void setDownloads(const std::vector<DownloadRow> &rows);
    void setExchange(const JobStatus &job);     ///< weights that come in or go out; in the status bar
    void setCounting(const JobStatus &job);     ///< in the status bar; everything else can be started meanwhile
    void setIndexing(const JobStatus &job);     ///< of the place Features, which shows it too
    void setFeaturesWork(const JobStatus &job); ///< the same for measuring CE effects and exporting
    void setRunsActive(const RunsStatus &runs);
    /// Hands the workspace to every place and remembers its folder.
    void setWorkspace(const WorkspaceSummary &workspace);
    /// Hands what was read in the prompt to the prompt bar, Features, Circuits and Interventions; the chosen feature
    /// keeps its colours.
    void setPromptFeatures(const PromptFeatures &features);
    /// Opens the card of a feature and colours the tokens by it.
    void chooseFeature(int layer, int feature);
    void setModelName(const QString &name);
    void setThreads(int used, int all);
    /// In the message bar of a place (the present one if none is named) and in Status.
    void showMessage(const Message &message, std::optional<Place> place = std::nullopt);
    /// Above every place until it is closed, for what concerns the whole workspace; an empty one takes it away.
    void setNotice(const Message &message);
    void copyCommand();
    [[nodiscard]] Tour &tour() const { return *tour_; }

    /// Asked when the window is to close: the runs that train or pause. If there are some, the user is asked, and
    /// saveAndCloseRequested() follows; the window closes at closeNow().
    void setActiveRuns(std::function<std::vector<RunRow>()> activeRuns);
    void closeNow();

public Q_SLOTS:
    void triggerPrimary(); ///< the main action of the place (Ctrl+Return)
    void refreshPrimary();
    void chooseWorkspace();   ///< asks for a folder
    void showManual();        ///< at what has the focus
    void focusPane(int step); ///< rail, bar, place, status, and round again

Q_SIGNALS:
    void placeChanged(tt::MainWindow::Place place);
    void openWorkspaceRequested(const QString &folder);
    void newWorkspaceRequested(const QString &folder);
    void demonstrationRequested();
    void stopAllRequested();
    void saveAndCloseRequested();
    void messageAction(const QString &action);

protected:
    void closeEvent(QCloseEvent *event) override;

private:
    /// What the frame needs to know of a place.
    struct PlaceEntry {
        QWidget *widget = nullptr;
        QString name, subtitle, page; ///< page: of the manual
        bool usesPrompt = false;
        QString primary; ///< words for the main action
        std::function<void()> trigger;
        std::function<bool()> ready; ///< whether the main action can be had now
        std::function<QString()> commandLine;
        std::function<void(const Message &)> showMessage;
    };
    void buildFrame();
    void addPlace(const QString &iconName, PlaceEntry entry);
    void addPlaces();
    void connectFrame();
    void connectPlaces();
    void colourBy(int layer, int feature);
    void intervene(const std::vector<ActiveFeature> &features);
    void colourChips();
    void showJob();
    [[nodiscard]] const JobStatus &shownJob() const;
    void restoreState();
    void saveState();
    void rememberWorkspace(const QString &folder);
    [[nodiscard]] const PlaceEntry &entry(Place place) const { return places_.at(static_cast<size_t>(place)); }

    Place place_ = Place::Data;
    std::vector<PlaceEntry> places_;
    Rail *rail_;
    PlaceBar *bar_;
    PromptBar *prompt_;
    MessageBar *notice_;
    MessageBar *message_; ///< for places without a message bar of their own
    QStackedWidget *stack_;
    StatusLine *status_;
    DataPlace *data_;
    TrainPlace *train_;
    FeaturesPlace *features_;
    CircuitsPlace *circuits_;
    InterventionsPlace *interventions_;
    WindowMenus *menus_ = nullptr;
    TourBar *tourBar_;
    Tour *tour_ = nullptr;
    ManualWindow *manual_ = nullptr; ///< once it was asked for
    std::function<std::vector<RunRow>()> activeRuns_;
    JobStatus job_, exchange_, counting_, indexing_, featuresWork_, download_; ///< the first that runs is shown
    bool closing_ = false;
    RunsStatus runs_;
    std::optional<std::pair<int, int>> feature_; ///< layer and index of the one whose activations colour the chips
};

} // namespace tt
