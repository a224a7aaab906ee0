#pragma once

#include "core/features/prompt_features.h"

#include <QTimer>
#include <QWidget>

#include <vector>

class QComboBox;
class QLabel;
class QLineEdit;
class QScrollArea;
class QToolButton;

namespace tt {

class MessageBar;
class ScaleLegend;
class TokenChips;

/// What Features and Circuits share: the prompt, the transcoder, the prompt's tokens as chips.
class PromptBar : public QWidget {
    Q_OBJECT
public:
    static constexpr int debounceMilliseconds = 150;
    explicit PromptBar(QWidget *parent = nullptr);

    /// Puts text into the field without asking for anything.
    void setPrompt(const QString &prompt);
    [[nodiscard]] QString prompt() const;
    void setTranscoders(const QStringList &names, const QString &current);
    [[nodiscard]] QString transcoder() const;
    /// The tokens that were read. Keeps what is selected where it still exists; takes the colours away.
    void setPromptFeatures(const PromptFeatures &features);
    /// Activation of the chosen feature at each position; `maximum` is its largest on the corpus.
    void setActivations(const std::vector<float> &perPosition, float maximum, const QString &featureName);
    void clearActivations();
    void selectPosition(int position); ///< −1 selects none
    /// Shows the tokens at 55 %: they belong to another prompt or transcoder.
    void setStale(bool stale);
    void focusPrompt();
    [[nodiscard]] TokenChips *chips() const { return chips_; }

Q_SIGNALS:
    void promptEdited(const QString &prompt);
    void transcoderChosen(const QString &name);
    void tokensSelected(const std::vector<int> &positions);
    void copyCommandRequested();

protected:
    bool eventFilter(QObject *watched, QEvent *event) override;
    void changeEvent(QEvent *event) override;

private:
    void build();
    void emitPrompt();
    void fitChips();
    void showEnd();
    void showLeftOut(const PromptFeatures &features);

    QLabel *label_;
    QLineEdit *prompt_;
    QComboBox *transcoder_;
    QToolButton *command_;
    TokenChips *chips_;
    QScrollArea *strip_;
    ScaleLegend *legend_;
    std::vector<int32_t> ids_; ///< of the tokens shown
    MessageBar *notice_;
    QTimer debounce_;
};

/// The flat "Copy as command" button that every place has at its right.
QToolButton *copyCommandButton(QWidget *parent);

} // namespace tt
