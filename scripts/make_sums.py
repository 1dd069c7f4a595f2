"""Records the SHA-256 of each bundled model's files in its `SHA256SUMS`; run it after a bundled model has changed."""

from assistant.weights import list_models
from assistant.weights.sums import record_sums, verify_folder


def main() -> None:
    for model in list_models():
        if model.bundled and model.path is not None:
            record_sums(model.path)
            print(f"{model.name}: {verify_folder(model.name, model.path).checked} files recorded")


if __name__ == "__main__":
    main()
