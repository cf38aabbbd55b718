/** Folder of the model in the Hugging Face layout, as a URL that ends in a slash. */
export declare const modelUrl: URL;
