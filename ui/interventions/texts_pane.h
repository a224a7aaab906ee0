#pragma once

#include "core/nn/generate.h"

#include <QWidget>

#include <array>
#include <cstdint>
#include <string>
#include <vector>

class QDoubleSpinBox;
class QLabel;
class QPlainTextEdit;
class QPushButton;
class QSpinBox;

namespace tt {

/// A token as it was generated; parts of one UTF-8 character come as their bytes.
struct GeneratedPiece {
    int32_t id = 0;
    std::string bytes;
};

/// The prompt continued without and with the interventions, side by side, by the same seed; the first token that
/// differs is underlined on both sides.
class TextsPane : public QWidget {
    Q_OBJECT
public:
    enum Side { BeforeSide, AfterSide };
    explicit TextsPane(QWidget *parent = nullptr);

    [[nodiscard]] SamplingConfig sampling() const;
    [[nodiscard]] quint64 seed() const;
    void start(const QString &prompt); ///< clears both sides
    void append(Side side, const std::vector<GeneratedPiece> &pieces);
    void finish();
    void setStale(bool stale); ///< the texts belong to other interventions or another prompt
    void setCanRun(bool can, const QString &why = QString());
    [[nodiscard]] QPushButton *runButton() const { return run_; }
    [[nodiscard]] bool isRunning() const { return running_; }
    /// Number of generated tokens that both sides share from the start.
    [[nodiscard]] size_t shared() const;

Q_SIGNALS:
    void runRequested();
    void stopRequested();

protected:
    void changeEvent(QEvent *event) override;

private:
    struct Text {
        QPlainTextEdit *edit = nullptr;
        std::string bytes;
        std::vector<int32_t> ids;
        std::vector<size_t> ends; ///< of each token, in bytes
    };
    QWidget *makeBar();
    QWidget *makeSide(Side side, const QString &name, const QString &placeholder);
    void show(Text &text);
    void mark(Text &text);
    void updateButton();

    std::array<Text, 2> texts_;
    QString prompt_;
    QSpinBox *tokens_, *seed_;
    QDoubleSpinBox *temperature_;
    QLabel *note_;
    QPushButton *run_;
    bool running_ = false, can_ = false;
    QString why_;
};

} // namespace tt
